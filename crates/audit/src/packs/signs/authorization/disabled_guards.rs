//! Guards that a comment disables.

use super::{Sign, review};
use crate::model::facts::Practice;

const DISABLED: &str = "a comment disables the guard of `{}`";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::OpenRoute,
        &[".ts"],
        r"(?m)^\s*//\s*@(?:UseGuards|Roles|Auth\w*)\([^\n]*\n(?:\s*(?://[^\n]*)?\n)*\s*(?P<what>@(?:Get|Post|Put|Patch|Delete|All|EventPattern|MessagePattern|Controller)\()",
        "",
        DISABLED,
    ),
    review(
        Practice::OpenRoute,
        &[".java", ".kt"],
        r"(?m)^\s*//\s*@(?:PreAuthorize|Secured|RolesAllowed)\b[^\n]*\n(?:\s*(?://[^\n]*)?\n)*\s*(?P<what>(?:@(?:Get|Post|Put|Patch|Delete|Request)Mapping|public)\b)",
        "",
        DISABLED,
    ),
    review(
        Practice::OpenRoute,
        &[".cs"],
        r"(?m)^\s*//\s*\[Authorize\b[^\n]*\n(?:\s*(?://[^\n]*)?\n)*\s*(?P<what>(?:\[Http\w+|\[Route|public)\b)",
        "",
        DISABLED,
    ),
    review(
        Practice::OpenRoute,
        &[".go", ".js", ".ts"],
        r"(?m)^\s*//\s*(?:\w+\.)*(?:Use|use)\([^\n]*(?i:auth|jwt|verifytoken|protect)\w*[^\n]*\n(?:\s*(?://[^\n]*)?\n)*\s*(?P<what>(?:\w+\.)*(?:GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete|get|post|put|patch|delete|HandleFunc|use)\()",
        r"(?m)^\s*(?:\w+\.)*(?:Use|use)\([^\n]*(?i:auth|jwt|verifytoken|protect)",
        DISABLED,
    ),
];
