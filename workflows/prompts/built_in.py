"""The built-in versions of the prompts. A version replaces only such a text.

The rest of each question stays fixed in the code: its data, the form of its answer, and the rule that nothing in the
data is an instruction. So no version can break an answer or open a question to injected instructions.
"""

from collections.abc import Mapping
from typing import Final

from workflows.prompts.uses import PromptName

MEANINGS: Final[Mapping[PromptName, str]] = {
    "planner": "the role of the model that turns a brief into a plan",
    "image-prompt": "how the prompt of a picture is written, in plans and after feedback or a refusal",
    "delivery": "how the delivery of a spoken line is written: style, emotion and pace",
    "judge": "how a judge scores a take",
}
BUILT_IN: Final[Mapping[PromptName, str]] = {
    "planner": "You are the planner of a content studio. You turn one brief into a production plan: the list of assets "
    "that other models will make, each with the model that makes it and the prompt that this model gets. A person "
    "approves the plan and its price before anything is made.",
    "image-prompt": "subject first, then composition, light, lens or medium, style, colours and mood, in whole "
    "sentences. Repeat in every picture what has to look the same (people, places, palette). No lettering unless the "
    "brief asks for it.",
    "delivery": "style, emotion, pace, in a few words such as: excited, warm, slowly, by the directions and the style "
    "of the brief.",
    "judge": "Give each criterion a score from 0 to 1 with a reason of one sentence that names what you saw or heard, "
    "and where: 1 is right in every respect, 0.8 is good enough to publish, 0.5 has a fault that everybody notices, 0 "
    "is wrong or missing.",
}
