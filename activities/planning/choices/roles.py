"""The texts and pictures of platforms without a film: their roles, labels and instructions."""

from typing import Final

from workflows.brief import Platform

TEXTS: Final[dict[Platform, tuple[tuple[str, str, str], ...]]] = {
    Platform.COPY: (
        ("headline", "Headline", "Write one headline of at most 90 characters."),
        ("body", "Body", "Write the body copy: short paragraphs, concrete words, one idea each."),
        ("call-to-action", "Call to action", "Write one call to action of at most eight words."),
    ),
    Platform.CREATIVE_BRIEF: (
        ("objective", "Objective", "State the one objective in a sentence."),
        ("audience", "Audience", "Describe the audience: who they are, what they want, where they are reached."),
        ("message", "Message", "State the single message that they should remember."),
        ("tone", "Tone", "Describe tone and style, with what to avoid."),
        ("deliverables", "Deliverables", "List the deliverables with formats, lengths and dates."),
    ),
    Platform.SOCIAL_POST: (
        ("post", "Post", "Write the post: a first line that stops the thumb, then at most 60 words."),
    ),
    Platform.DESIGN: (("concept", "Concept", "Describe the design concept: idea, layout, colour, type."),),
}
"""Platform -> (role, label, instruction for the writer)."""

VISUALS: Final = (
    ("Key visual", "One strong idea, centred, generous empty space"),
    ("Detail", "Close crop on texture and form, off-centre"),
    ("In context", "The design in use, seen from a natural distance"),
)

ILLUSTRATED: Final = (
    "Article",
    "Write the text that the material asks for, with a heading for each part or step, in an order that a reader can "
    "follow.",
)
"""Label and instruction of a text with its pictures in one response, in the place of all others."""

SHOWING: Final = ("article", "body", "concept", "post")
"""The texts that show the references whose place the brief marks, by a line such as `[reference-1]`."""
