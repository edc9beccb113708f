//! Locks and results of goroutines: a lock that is held while another service responds, and a
//! channel that no goroutine reads any more.

use super::{GO, JVM, ONE_FUNCTION, PYTHON, Sign, inside};
use crate::model::facts::Practice;

const HELD: &str = "the lock is held while `{}` waits for another system, so all callers wait";
const LEFT: &str = "a goroutine that sends to `{}` after the function returned waits for ever";
const ENDED: &str = "`{}` gets the context of the request, which ends with the response";

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::Blocking,
        GO,
        r"\.Lock\(\)\s*\n\s*defer [\w.]+\.Unlock\(\)(?:[^\n]*\n){1,25}?[^\n]*(?P<what>\b(?:\w+\.)*(?:\w*[cC]lient\w*\.\w+|http\.(?:Get|Post)|\w+\.(?:Fetch|Publish|WriteMessages|QueryRow|Query|ExecContext|Send)\w*))\(",
        ONE_FUNCTION,
        r"^[^\n]*func (?:\([^)]*\) )?(?i:connect|reconnect|init|start|close|stop|new|open)\w*\(",
        HELD,
    ),
    inside(
        Practice::Blocking,
        PYTHON,
        r"(?m)^[ \t]*with (?:self\.)?_?\w*lock\w*:\s*\n(?:[^\n]*\n){0,8}?[^\n]*(?P<what>\b(?:requests|httpx|client|session)\.(?:get|post|put)|\burlopen)\(",
        ONE_FUNCTION,
        "",
        HELD,
    ),
    inside(
        Practice::Blocking,
        JVM,
        r"\bsynchronized\b[^\n]*\{\s*\n(?:[^\n]*\n){0,12}?[^\n]*(?P<what>\b\w*(?:[rR]estTemplate|[wW]ebClient|[cC]lient|[fF]eign)\w*\.\w+)\(",
        ONE_FUNCTION,
        r"(?i)void (?:connect|reconnect|init|start|close)",
        HELD,
    ),
    inside(
        Practice::OwnedTask,
        GO,
        r"\b(?P<what>\w+) :?= make\(chan [^,()\n]+\)",
        r"go func\([\s\S]*?<- [\s\S]*?(?:\bselect \{[\s\S]*?(?:\.Done\(\)|time\.After)|return <-)",
        r"close\(|\bctx\.Done\(\):\s*\n\s*return\s*\n\s*\}\s*\n\s*\}\(\)|errgroup|WaitGroup|signal\.Notify|os\.Signal",
        LEFT,
    ),
    inside(
        Practice::RequestContext,
        GO,
        r"(?P<what>\bgo (?:\w+\.)*\w+)\(\s*(?:r|req|request|c\.Request|c\.Request\(\))\.Context\(\)|\bgo func\(\) \{\s*\n(?:[^\n]*\n){0,6}?[^\n]*(?P<other>\b\w+(?:\.\w+)+)\(\s*(?:r|req|request|c\.Request|c\.Request\(\))\.Context\(\)",
        ONE_FUNCTION,
        r"WithoutCancel|\.Wait\(\)",
        ENDED,
    ),
];
