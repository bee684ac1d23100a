/* html.h: HTML as text, what is usual, odd, and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"
#include "format/html.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
	const char *html, *text;
} samples[] = {
	{ "", "" },
	{ " \r\n\t", "" },
	{ "text", "text\n" },
	{ "<html><head><title>no</title></head><body>yes</body></html>", "yes\n" },
	{ "<!DOCTYPE html><!-- no --><?xml no?>yes<![if mso]>too<![endif]>", "yestoo\n" },
	{ "<!--[if mso]><p>no</p><![endif]-->yes", "yes\n" },
	{ "<!-->a<!-- not closed <b>b</b>", "ab\n" },
	{ "a\n  b\t\tc<b> d </b> e", "a b c d e\n" },
	{ "<b>a</b><i>b</i>", "ab\n" },
	/* characters */
	{ "&lt;b&gt; &amp;amp; &quot;x&quot; &euro; &#8364; &#x20AC; &nosuch; & x", "<b> &amp; \"x\" € € € &nosuch; & x\n" },
	{ "1 < 2 <3 > 2", "1 < 2 <3 > 2\n" },
	{ "a&nbsp;&nbsp;b&nbsp;", "a  b\n" },
	{ "a&shy;b&#8203;c&#8238;d&#65279;e\x01\x1b[31m&#27;&#0;", "abcde[31m\n" },
	{ "x&zwnj;y &zwnj;&nbsp;&zwnj;&nbsp;&zwnj;", "x\u200cy\n" },
	{ "\xff\xc3(", "\u00ff\u00c3(\n" }, /* no UTF-8: windows-1252 */
	/* blocks */
	{ "<p>a</p><p>b</p>", "a\n\nb\n" },
	{ "<p>a<p>b", "a\n\nb\n" },
	{ "<div>a</div><div>b</div>c", "a\nb\nc\n" },
	{ "<div>a</div><div><br></div><div>b</div>", "a\n\nb\n" },
	{ "<p>a</p><p>&nbsp;</p><p> </p><p></p><p>b</p>", "a\n\nb\n" },
	{ "a<br>b<br/>c<br><br>d<br><br><br><br>e", "a\nb\nc\n\nd\n\ne\n" },
	{ "<br><br>a<br><br>", "a\n" },
	{ "<h1>A</h1>b<h2>C d</h2><h3>E</h3>f", "A\n=\n\nb\n\nC d\n---\n\nE\n\nf\n" },
	{ "a<hr>b", "a\n\n---------------------------------------\n\nb\n" },
	{ "<pre>\na  b\n\tc\n\n\nd\n</pre>e", "a  b\n        c\n\n\nd\n\ne\n" },
	{ "<pre>a <b>b</b>\n c</pre>", "a b\n c\n" },
	{ "<blockquote>a<p>b</blockquote>c", "> a\n>\n> b\n\nc\n" },
	{ "a<blockquote><blockquote>b</blockquote>c</blockquote>", "a\n\n> > b\n>\n> c\n" },
	{ "<q>a</q> b", "\"a\" b\n" },
	/* lists */
	{ "<ul><li>a<li>b</ul>c", "* a\n* b\n\nc\n" },
	{ "<ol><li>a</li><li value=7>b</li><li>c</li></ol>", "1. a\n7. b\n8. c\n" },
	{ "<ol start=99><li>a<ul><li>b</ul><li>c</ol>", "99. a\n    * b\n100. c\n" },
	{ "<ul><li><p>a</p><p>b</p></li></ul>", "* a\n\n  b\n" },
	{ "<li>a<li>b", "* a\n* b\n" },
	{ "<dl><dt>a<dd>b<dt>c<dd>d</dl>", "a\n    b\nc\n    d\n" },
	{ "<blockquote><ul><li>a<li>b</ul></blockquote>", "> * a\n> * b\n" },
	/* tables */
	{ "<table><tr><th>Name<th>Price<tr><td>Tea<td>1.20<tr><td>Coffee beans<td>9</table>",
	  "Name          Price\n-------------------\nTea           1.20\nCoffee beans  9\n" },
	{ "a<table><tr><td>1<td><td>2</table>b", "a\n\n1  2\n\nb\n" },
	{ "<table><tr><td>a</td></tr><tr><td>b</td></tr></table>", "a\nb\n" },
	{ "<table><tr><td colspan=2>Sum<td>9<tr><td>a<td>b<td>1</table>", "   Sum  9\na  b    1\n" },
	{ "<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a\nb\nc\n" },
	{ "<table><tr><td><table><tr><td>a<td>b</table><td>c<tr><td>d</table>", "a  b\n\nc\nd\n" },
	{ "<table><tr><td>x<ul><li>a</ul><td>y</table>", "x\n\n* a\n\ny\n" },
	{ "<table><caption>C</caption><tr><td>a<td>b</table>", "C\n\na  b\n" },
	{ "<table>text<tr>more<td>a</table>", "textmore\n\na\n" },
	{ "<table><tr><td>日本<td>x<tr><td>a<td>y</table>", "日本  x\na     y\n" },
	{ "<td>a<td>b", "a\nb\n" },
	{ "<table><tr><td>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa<td>bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb<td>cccccccccccccccccccccccc</table>",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb |\ncccccccccccccccccccccccc\n" },
	/* links */
	{ "<a href=\"http://x.example/a?b&amp;c\">here</a>.", "here[1].\n\n[1] http://x.example/a?b&c\n" },
	{ "<a href=http://a.example/>x</a> <a href='http://b.example'>y</a> <a href=http://a.example/>z</a>",
	  "x[1] y[2] z[1]\n\n[1] http://a.example/\n[2] http://b.example\n" },
	{ "<a href=https://www.x.example/>x.example</a> <a href=mailto:a@b.example>a@b.example</a>",
	  "x.example a@b.example\n" },
	{ "<a href=https://evil.example>https://bank.example</a>", "https://bank.example[1]\n\n[1] https://evil.example\n" },
	{ "<a href=javascript:alert(1)>a</a><a href=\"data:text/html,x\">b</a><a href=#c>c</a><a>d</a><a href=cid:x>e</a>",
	  "abcde\n" },
	{ "<a href=\" http://x.example/a b\xc3\xa4&#10;c\x1b \">x</a>", "x[1]\n\n[1] http://x.example/a%20b%C3%A4c%20\n" },
	{ "<a href=http://x.example></a>a", "a\n" },
	{ "<a href=http://x.example><img src=x></a>", "[image][1]\n\n[1] http://x.example\n" },
	{ "<a href=http://x.example>a <b>b</b></a> c", "a b[1] c\n\n[1] http://x.example\n" },
	{ "<p><a href=http://x.example>not closed</p><p>b", "not closed[1]\n\nb\n\n[1] http://x.example\n" },
	/* images */
	{ "<img src=http://x.example/track alt=\"\"><img alt=\" A  photo\" src=x>b", "[A photo]b\n" },
	{ "<img alt=x width=1 height=1>", "" },
	/* hidden */
	{ "<div style=\"DISPLAY : none\">a</div><p hidden>b</p><span style='x:y;visibility:hidden'>c</span>d", "d\n" },
	{ "<div style=\"display:none\"><div>a</div><p>b</div>c", "c\n" },
	{ "<script>a<b></script>b<style>c</style>d<template>e</template><svg><text>f</text></svg>g<select><option>h</select>",
	  "bdg\n" },
	{ "<SCRIPT>a</script >b<iframe>c</iframe><object>d</object>e", "be\n" },
	{ "<style>never closed <p>a", "" },
	/* soup */
	{ "</p></div></b>a</body></html>b", "ab\n" },
	{ "<b><p>a</b>b</p>", "ab\n" },
	{ "<o:p>a</o:p><v:shape alt=x>b</v:shape><font color=red>c</font><blink>d", "abcd\n" },
	{ "<p class=\"a\" class='b' = \"c\" / d>x", "x\n" },
	{ "<p title=\"a>b\">x<p title='>", "x\n" },
	{ "<", "<\n" },
	{ "<p", "" },
	{ "</", "" },
	{ "a<!", "a\n" },
};

/* The text, which is as it must be whatever the HTML. */
static char *text_of(const char *html, size_t size, const char *charset)
{
	struct buf out;
	char *text;

	buf_init(&out, SIZE_MAX);
	assert_null(html_text(html, size, charset, &out));
	assert_true(str_utf8(out.data, out.size));
	assert_true(strlen(out.data) == out.size);
	assert_true(!out.size || out.data[out.size - 1] == '\n');
	for (const char *line = out.data; *line;) {
		size_t length = strcspn(line, "\n");

		assert_true(length <= 990);
		assert_true(!length || line[length - 1] != ' ');
		line += length + 1;
	}
	text = strdup(out.data);
	buf_free(&out);
	return text;
}

static void texts(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, checked++) {
		char *text = text_of(samples[i].html, strlen(samples[i].html), NULL);

		assert_string_equal(text, samples[i].text);
		free(text);
	}
	assert_true(checked >= 70);
}

static void wraps(void **state)
{
	struct buf html;
	char *text;
	size_t lines = 0;

	(void)state;
	buf_init(&html, SIZE_MAX);
	buf_adds(&html, "<blockquote><ul><li>");
	for (int i = 0; i < 500; i++)
		buf_addf(&html, "word%d ", i);
	buf_adds(&html, "</ul></blockquote><p>");
	for (int i = 0; i < 500; i++)
		buf_adds(&html, "語語、");
	text = text_of(html.data, html.size, "utf-8");
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1, lines++) {
		size_t size = strcspn(line, "\n"), columns = 0;

		for (const char *c = line; c < line + size;) {
			uint32_t code = 0;

			c += str_utf8_next(c, size, &code);
			columns += code > 0x300 ? 2 : 1;
			assert_false(columns == (code > 0x300 ? 2 : 1) && code == 0x3001);
		}
		assert_true(columns <= HTML_WIDTH + 2);
	}
	assert_true(lines > 80);
	assert_true(str_starts(text, "> * word0"));
	assert_non_null(strstr(text, "\n>   word"));
	free(text);
	buf_free(&html);
}

static void charsets(void **state)
{
	static const struct {
		const char *charset, *html, *text;
	} cases[] = {
		{ NULL, "\xc3\xa4", "ä\n" },
		{ NULL, "\xe4", "ä\n" },
		{ "utf-8", "\xe4", "\xef\xbf\xbd\n" },
		{ "us-ascii", "\xc3\xa4", "ä\n" },
		{ "US-ASCII", "\xe4", "ä\n" },
		{ "iso-8859-1", "\x80 \xe4", "€ ä\n" },
		{ "iso-8859-15", "\xa4", "€\n" },
		{ "x-unknown", "\xe4", "ä\n" },
		{ "koi8-r", "\xd4", "т\n" },
		{ NULL, "<meta http-equiv=Content-Type content=\"text/html; charset=koi8-r\">\xd4", "т\n" },
		{ NULL, "<meta charset='Shift_JIS'>\x93\xfa", "日\n" },
		{ NULL, "<?xml encoding=\"iso-8859-2\"?>\xb1", "ą\n" },
		{ NULL, "<meta charset=utf-7>\xe4", "ä\n" },
		{ "utf-8", "<meta charset=koi8-r>\xc3\xa4", "ä\n" },
		{ "koi8-r", "\xef\xbb\xbf\xc3\xa4", "ä\n" },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++, checked++) {
		char *text = text_of(cases[i].html, strlen(cases[i].html), cases[i].charset);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
	assert_true(checked >= 15);
}

static double cpu(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
}

/* A megabyte of each: what makes parsers slow, deep or large. */
static void hostile(void **state)
{
	static const struct {
		const char *head, *again, *tail;
	} cases[] = {
		{ "", "<b>", "x" }, { "", "<div>", "x" }, { "", "<blockquote>", "x" }, { "", "<table><tr><td>", "x" },
		{ "", "<ul><li>", "x" }, { "", "<a href=http://x.example>", "x" }, { "", "<p>", "" }, { "", "</p>", "" },
		{ "<i><b><u><i><b><u>", "</span>", "" }, { "<a ", "a=b ", ">x" }, { "<a ", "href=x ", ">x" },
		{ "<a style=\"", "display:", "\">x" }, { "<p title=\"", "\"", "" }, { "", "<!--", "" },
		{ "", "<!---->", "" }, { "", "<", "" }, { "", "&", "" }, { "&", "a", ";" }, { "&#", "9", ";" }, { "", "&#1114111;", "" },
		{ "", "x", "" }, { "", "x ", "" }, { "", "<br>", "x" }, { "<pre>", "\t", "" }, { "<pre>", "\n", "x" },
		{ "<table>", "<td>x", "" }, { "<table>", "<tr><td>x<td>y", "" }, { "<table>", "<td colspan=99999>x", "" },
		{ "", "<script>", "" }, { "", "<style></style>", "" }, { "", "<?", "" }, { "", "<![CDATA[", "" },
		{ "", "\xe8\xaa\x9e", "" }, { "", "e\xcc\x81", "" }, { "", "\xf0\x9f\x98\x80\xe2\x80\x8d", "" },
		{ "", "<table><tr><td><ul><li><blockquote><pre><h1>", "x" }, { "", "\xff", "" }, { "", "<h1>x", "" },
		{ "", "<form><select><option>", "" }, { "", "<q>", "" }, { "<svg>", "<svg>", "" },
	};
	size_t checked = 0;
	struct buf html;

	(void)state;
	buf_init(&html, SIZE_MAX);
	for (size_t i = 0; i < COUNT(cases); i++, checked++) {
		double begin = cpu();

		buf_clear(&html);
		buf_adds(&html, cases[i].head);
		while (html.size < HTML_READ - 200)
			buf_adds(&html, cases[i].again);
		buf_adds(&html, cases[i].tail);
		free(text_of(html.data, html.size, NULL));
		if (cpu() - begin > 10)
			fail_msg("%zu: %s took %.1f s", i, cases[i].again, cpu() - begin);
	}
	buf_free(&html);
	assert_true(checked >= 40);
}

/* More HTML, or more text, than there is room for: told, not silently dropped. */
static void cut(void **state)
{
	struct buf html;
	char *text;

	(void)state;
	buf_init(&html, SIZE_MAX);
	buf_adds(&html, "<p>first</p>");
	while (html.size < 2 * HTML_READ)
		buf_adds(&html, "<!-- nothing -->");
	buf_adds(&html, "<p>last</p>");
	text = text_of(html.data, html.size, NULL);
	assert_string_equal(text, "first\n\n[The rest of the HTML is not shown here.]\n");
	free(text);
	buf_clear(&html);
	for (int i = 0; i < 40000; i++)
		buf_addf(&html, "<p>words %d", i);
	while (html.size < HTML_READ)
		buf_adds(&html, "words");
	text = text_of(html.data, html.size, NULL);
	assert_true(strlen(text) < HTML_TEXT + 1000);
	assert_true(str_ends(text, "\n\n[The rest of the HTML is not shown here.]\n"));
	free(text);
	buf_free(&html);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(wraps),
		cmocka_unit_test(charsets),
		cmocka_unit_test(hostile),
		cmocka_unit_test(cut),
	};

	return cmocka_run_group_tests_name("format_html", tests, NULL, NULL);
}
