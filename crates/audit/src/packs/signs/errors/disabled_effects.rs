//! Effects that a comment disables.

use super::{Sign, review};
use crate::model::facts::Practice;

const DISABLED: &str = "a comment disables the effect of the function after `{}`";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::Stub,
        &[".go", ".ts", ".js", ".java", ".kt", ".cs"],
        r"(?m)^[ \t]*(?P<what>[^\s/*][^\n]*)\n(?:[ \t\r]*\n)*[ \t]*//[ \t]*(?:return )?(?:await )?(?:\w+\.)+(?:[sS]end\w*|[pP]ublish\w*|[pP]roduce\w*|[eE]mit|[sS]ave\w*|[cC]harge\w*|[nN]otify\w*)\([^\n]*\);?[ \t\r]*\n(?:[ \t\r]*\n)*(?:[ \t]*return[^\n]*\n)?[ \t]*\}",
        "",
        DISABLED,
    ),
    review(
        Practice::Stub,
        &[".py"],
        r"(?m)^[ \t]+(?P<what>[^\s#][^\n]*)\n(?:[ \t\r]*\n)*[ \t]+#[ \t]*(?:return )?(?:await )?(?:\w+\.)+(?:send\w*|publish\w*|produce|emit|save|charge\w*|notify\w*)\([^\n]*\)[ \t\r]*\n(?:[ \t\r]*\n)*(?:[ \t]+return[^\n]*\n)?(?:\s*\n)*(?:def|class|@|async def|\z)",
        "",
        DISABLED,
    ),
];
