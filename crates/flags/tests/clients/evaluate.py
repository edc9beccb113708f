"""Evaluates flags with openfeature-flagd-core (fractional version 3). Arguments: flags, cases."""

import json
import sys

from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

core = FlagdCore()
with open(sys.argv[1], encoding="utf-8") as flags:
    core.set_flags(flags.read())
with open(sys.argv[2], encoding="utf-8") as cases:
    for line in cases:
        case = json.loads(line)
        context = dict(case["context"])
        key = context.pop("targetingKey", None)
        try:
            answer = core.resolve_string_value(case["flag"], "code", EvaluationContext(key, context))
            print(json.dumps([answer.value, str(answer.reason)]))
        except Exception:
            print(json.dumps(["code", "ERROR"]))
