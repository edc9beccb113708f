//! Scheduled methods that read everything at once, or that stop at the first failure.

use super::{JVM, ONE_FUNCTION, Sign, inside};
use crate::model::facts::Practice;

/// Text that bounds a read.
const BOUNDED: &str = r"(?i)pageable|pagerequest|\btop\d|findTop|findFirst|limit|batch|chunk";

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::UnboundedList,
        JVM,
        r"@Scheduled\b[\s\S]{0,900}?(?P<what>\b(?:\w+\.)?\w*(?:[rR]epository|[rR]epo|[dD]ao|[mM]apper)\.(?:find(?:All|By)\w*|select\w*|get(?:All|By)\w*))\(",
        ONE_FUNCTION,
        BOUNDED,
        "`{}` reads all records that are due, also after a long outage",
    ),
    inside(
        Practice::OwnedTask,
        JVM,
        r"@Scheduled\b[\s\S]{0,900}?(?P<what>\bfor\s*\(\s*(?:final\s+)?[\w<>, ?]+\s+\w+\s*:|\bfor\s*\(\w+ in \w+\)|\.forEach\()",
        ONE_FUNCTION,
        r"\btry\b",
        "a failure of one element ends the run for all elements after it (`{}`)",
    ),
];
