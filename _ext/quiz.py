"""The directive `quiz`: a question whose answers each open their own explanation. Plain HTML, so it needs no script.

```{quiz} Why must the mask act before the softmax?
- [x] So that the remaining weights sum to one.

  What is shown when this answer is opened.
- [ ] Because it is faster.

  Why this is wrong, and what it confuses.
```
"""

import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxTranslator

MARK = re.compile(r"^\[([ xX])\]\s+")


class quiz(nodes.General, nodes.Element):
    """The group of a question and its answers."""


class quiz_answer(nodes.General, nodes.Element):
    """One answer: its text, then its explanation. `right` says which it is."""


class quiz_choice(nodes.General, nodes.TextElement):
    """What an answer says before it is opened."""


class Quiz(SphinxDirective):
    """The argument is the question; the content may go on with it, and ends with the list of answers."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"name": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        number = self.env.new_serialno("quiz") + 1
        label = f"quiz-{number}"
        group = quiz(ids=[label], number=number)
        words, messages = self.state.inline_text(self.arguments[0], self.lineno), []
        if isinstance(words, tuple):
            words, messages = words
        group += nodes.paragraph("", "", *words, classes=["quiz-question"], ids=[f"{label}-question"])
        content = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, content)
        *rest, answers = content.children or [None]
        if not isinstance(answers, nodes.bullet_list) or len(answers.children) < 2:
            raise self.error("quiz: expected a list of at least two answers at the end")
        group += rest
        group += [self.answer(item) for item in answers.children]
        if not any(one["right"] for one in group.children if isinstance(one, quiz_answer)):
            raise self.error("quiz: expected at least one right answer, marked [x]")
        return [group, *messages]

    def answer(self, item: nodes.Element) -> quiz_answer:
        """One item of the list, `[x] text` and its explanation, as a node."""
        first, *explanation = item.children
        start = first.children[0] if isinstance(first, nodes.paragraph) and first.children else nodes.Text("")
        mark = MARK.match(start.astext())
        if mark is None or not isinstance(start, nodes.Text):
            raise self.error(f"quiz: expected an answer to begin with [x] or [ ], got {item.astext()[:40]!r}")
        if not explanation:
            raise self.error(f"quiz: expected an explanation below the answer {item.astext()[:40]!r}")
        choice = quiz_choice("", "", nodes.Text(start.astext()[mark.end() :]), *first.children[1:])
        right = mark[1] != " "
        verdict = nodes.paragraph("", "Right." if right else "Not quite.", classes=["quiz-verdict"])
        return quiz_answer("", choice, verdict, *explanation, right=right)


def visit_quiz(self: SphinxTranslator, node: quiz) -> None:
    label = node["ids"][0]
    self.body.append(f'<div class="quiz" role="group" id="{label}" aria-labelledby="{label}-question">\n')


def depart_quiz(self: SphinxTranslator, node: quiz) -> None:
    self.body.append("</div>\n")


def visit_answer(self: SphinxTranslator, node: quiz_answer) -> None:
    self.body.append(f'<details class="quiz-answer quiz-{"right" if node["right"] else "wrong"}">\n')


def depart_answer(self: SphinxTranslator, node: quiz_answer) -> None:
    self.body.append("</details>\n")


def visit_choice(self: SphinxTranslator, node: quiz_choice) -> None:
    self.body.append("<summary>")


def depart_choice(self: SphinxTranslator, node: quiz_choice) -> None:
    self.body.append("</summary>\n")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("quiz", Quiz)
    app.add_node(quiz, html=(visit_quiz, depart_quiz))
    app.add_node(quiz_answer, html=(visit_answer, depart_answer))
    app.add_node(quiz_choice, html=(visit_choice, depart_choice))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
