// list_test.cc - the intrusive list.
#include "common/base/list.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace ostler;

namespace {

struct ByName;
struct ByAge;
struct Item : Linked<ByName>, Linked<ByAge> {
    explicit Item(char c) : name(c) {}
    char name;
};
template <class Tag> std::string names(List<Item, Tag>& list)
{
    std::string s;
    for (Item* i = list.front(); i; i = list.after(*i)) s += i->name;
    return s;
}

}  // namespace

TEST_CASE("elements are listed in the order they were pushed")
{
    List<Item, ByName> list;
    CHECK(list.empty());
    CHECK(list.front() == nullptr);
    Item a('a'), b('b'), c('c');
    for (Item* i : {&b, &a, &c}) list.push_back(*i);
    CHECK(names(list) == "bac");
    CHECK_FALSE(list.empty());
}

TEST_CASE("pushing an element again moves it to the end")
{
    List<Item, ByName> list;
    Item a('a'), b('b');
    list.push_back(a);
    list.push_back(b);
    list.push_back(a);
    CHECK(names(list) == "ba");
    list.push_back(a);
    CHECK(names(list) == "ba");
}

TEST_CASE("an element moves from one list to another")
{
    List<Item, ByName> one, two;
    Item a('a');
    one.push_back(a);
    two.push_back(a);
    CHECK(one.empty());
    CHECK(names(two) == "a");
}

TEST_CASE("a destroyed element has left the list, wherever it was")
{
    List<Item, ByName> list;
    auto a = std::make_unique<Item>('a'), b = std::make_unique<Item>('b');
    auto c = std::make_unique<Item>('c');
    for (auto* i : {&a, &b, &c}) list.push_back(**i);
    b.reset();
    CHECK(names(list) == "ac");
    a.reset();
    CHECK(names(list) == "c");
    c.reset();
    CHECK(list.empty());
}

TEST_CASE("one element is in two lists by two tags")
{
    List<Item, ByName> names_list;
    List<Item, ByAge> ages;
    Item a('a'), b('b');
    names_list.push_back(a);
    names_list.push_back(b);
    ages.push_back(b);
    ages.push_back(a);
    static_cast<Linked<ByAge>&>(b).unlink();
    CHECK(names(names_list) == "ab");
    CHECK(names(ages) == "a");
    CHECK_FALSE(static_cast<Linked<ByAge>&>(b).is_linked());
    static_cast<Linked<ByAge>&>(b).unlink();
    CHECK(static_cast<Linked<ByName>&>(b).is_linked());
}
