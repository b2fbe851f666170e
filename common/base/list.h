// list.h - an intrusive list: the links live in the elements, so nothing is allocated and an
// element leaves in constant time, also by being destroyed.
#pragma once

#include <cstddef>

namespace ostler {

/// Base of an element; `Tag` tells several lists of one element apart.
template <class Tag> class Linked {
 public:
    Linked() = default;
    Linked(const Linked&) = delete;
    Linked& operator=(const Linked&) = delete;
    bool is_linked() const { return prev_ != nullptr; }
    void unlink()
    {
        if (!prev_) return;
        prev_->next_ = next_;
        next_->prev_ = prev_;
        prev_ = next_ = nullptr;
    }

 protected:
    ~Linked() { unlink(); }

 private:
    template <class, class> friend class List;
    Linked* prev_ = nullptr;
    Linked* next_ = nullptr;
};

template <class T, class Tag> class List {
 public:
    List() { anchor_.prev_ = anchor_.next_ = &anchor_; }

    bool empty() const { return anchor_.next_ == &anchor_; }
    /// Moves `element` to the end, out of the list it may be in.
    void push_back(T& element)
    {
        Linked<Tag>& e = element;
        e.unlink();
        e.prev_ = anchor_.prev_;
        e.next_ = &anchor_;
        anchor_.prev_->next_ = &e;
        anchor_.prev_ = &e;
    }
    /// Null when empty.
    T* front() { return empty() ? nullptr : static_cast<T*>(anchor_.next_); }
    /// Null at the end.
    T* after(T& element)
    {
        Linked<Tag>& e = element;
        return e.next_ == &anchor_ ? nullptr : static_cast<T*>(e.next_);
    }

 private:
    struct Anchor final : Linked<Tag> {};
    Linked<Tag>& anchor() { return anchor_; }
    Anchor anchor_;
};

}  // namespace ostler
