// autoindex_markdown_test.cc - Markdown that is rendered, and Markdown that tries to be more.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "common/base/text.h"
#include "modules/autoindex_readme.h"

using namespace ostler;

#ifdef OSTLER_MARKDOWN

TEST_CASE("Markdown becomes HTML")
{
    struct Row {
        const char *markdown, *html;
    };
    for (const Row& row : {
             Row{"# A\n\n###### B", "<h3>A</h3><h6>B</h6>"},
             Row{"a *b* **c** `d<` ~~e~~",
                 "<p>a <em>b</em> <strong>c</strong> <code>d&lt;</code> <del>e</del></p>"},
             Row{"- a\n- b", "<ul><li>a</li><li>b</li></ul>"},
             Row{"3. a", "<ol start=\"3\"><li>a</li></ol>"},
             Row{"```\na\n  b\n```", "<pre tabindex=\"0\"><code>a\n  b\n</code></pre>"},
             Row{"[x](a/b.txt)", "<p><a rel=\"nofollow ugc\" href=\"a/b.txt\">x</a></p>"},
             Row{"![a *b*](c.png)", "<p><img loading=\"lazy\" src=\"c.png\" alt=\"a b\"></p>"},
             Row{"|a|b|\n|---|:-:|\n|1|2|",
                 "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</"
                 "td></tr></tbody></table>"},
             Row{"&copy; &lt;", "<p>&copy; &lt;</p>"},
         })
        CHECK(render_markdown(row.markdown) == row.html);
}

TEST_CASE("Markdown cannot inject anything")
{
    // No element but ours, no attribute but ours, no scheme but the harmless ones.
    for (const char* markdown : {"<script>alert(1)</script>",
                                 "<img src=x onerror=alert(1)>",
                                 "a <b onclick=x>b</b>",
                                 "[x](javascript:alert(1))",
                                 "[x](JaVaScRiPt&colon;alert(1))",
                                 "[x](&#106;avascript:alert(1))",
                                 "[x](data:text/html,<script>)",
                                 "<javascript:alert(1)>",
                                 "[x](<java\tscript:alert(1)>)",
                                 "[x]( \x01javascript:alert(1))",
                                 "[a]: javascript:alert(1)\n\n[a]",
                                 "![x](javascript:alert(1))",
                                 "![\" onerror=\"x](a.png)",
                                 "![a](b.png\" onerror=\"x)",
                                 "[a](b 'c\" onclick=\"x')",
                                 "```\" onclick=\"x\n<script>\n```",
                                 "&lt;script&gt;",
                                 "![x](https://elsewhere.example/track.png)",
                                 "![x](//elsewhere.example/track.png)",
                                 "&\"><script>;",
                                 "<!-- --><iframe src=x>",
                                 "<?php ?>",
                                 "<![CDATA[<script>]]>"}) {
        CAPTURE(markdown);
        const std::string html = render_markdown(markdown);
        CAPTURE(html);
        for (const std::string_view bad :
             {"<script", "<img src=x", "<iframe", "<b ", "<!", "<?", "onerror=x", "\" on",
              "href=\"javascript:", "href=\"JaVaScRiPt:", "href=\"data:", "href=\"&#",
              "src=\"javascript:", "src=\"h", "src=\"/", "href=\" "})
            CHECK(html.find(bad) == html.npos);
    }
}

TEST_CASE("Markdown: nothing behind the end of the text is shown")
{
    // Found by fuzz_listing: md4c 0.4.8 looks at the byte behind the end.
    const std::string text =
        "sort={{ze&o=&Wormat=jsq=0q=0.5,applicatiot(1\342\200page=2&Wormat=jsq=0q=0.5,ard"
        "er=de\227sq=&Wormat=jsq=0q=0.5,a![x](atiotat=jsq=0q=0.5,appli0.4";
    const std::string alone = render_markdown(text);
    for (int c = 0; c < 256; ++c) {
        const std::string longer = cat(text, static_cast<char>(c), "\nSECRET)");
        CHECK(render_markdown(std::string_view(longer).substr(0, text.size())) == alone);
    }
}

#else

TEST_CASE("without a parser Markdown is plain text")
{
    CHECK(render_markdown("# <b>") == "<pre tabindex=\"0\"># &lt;b&gt;</pre>\n");
}

#endif
