//! Values of a request that only the service may decide: roles, states and discounts.

use super::{GO, JVM, SCRIPT, Sign, inside};
use crate::model::facts::Practice;

const ROLE: &str = "a new user chooses its own role (`{}`)";
const STATE: &str = "the caller sets any state (`{}`), and no code checks the transition";
const DISCOUNT: &str = "the caller chooses its discount (`{}`)";
/// Code that creates an account.
const SIGNS_UP: &str = r"(?i)regist|sign_?up|create_?(?:user|account)";
/// Code that restricts who chooses a role.
const RESTRICTED: &str = r"(?i)hasRole|hasAuthority|isAdmin|@Roles|PreAuthorize|allowedRoles|requireAdmin|role\w*\s*(?:==|!=|===|!==)|equals\(|\bswitch\b|only.?admin";
/// Code that compares the present state before a change.
const COMPARED: &str = r"(?i)transition|can\w*(?:Cancel|Change|Move|Confirm|Ship|Pay)|allowed|\bswitch\b|(?:get)?status(?:\(\))?\s*(?:==|!=|\.equals)|state\w*\.equals|compareAnd|validate\w*status|@PreAuthorize|@Roles|isAdmin";

const fn chosen(
    files: &'static [&'static str],
    pattern: &'static str,
    within: &'static str,
    unless: &'static str,
    evidence: &'static str,
) -> Sign {
    inside(
        Practice::MassAssignment,
        files,
        pattern,
        within,
        unless,
        evidence,
    )
}

pub(super) const SIGNS: &[Sign] = &[
    chosen(
        JVM,
        r"\.(?:set|add)?[rR]oles?\(\s*(?P<what>(?:\w+\.)*\w*(?i:request|dto|input|body|command|form)\w*\.(?:get)?[rR]oles?\(\))",
        SIGNS_UP,
        RESTRICTED,
        ROLE,
    ),
    chosen(
        GO,
        r"\bRole:\s*(?:[\w.]+\()?(?P<what>(?:req|request|in|input|body|payload|dto|params)\w*\.(?:Get)?Role\b)",
        SIGNS_UP,
        RESTRICTED,
        ROLE,
    ),
    chosen(
        JVM,
        r"\.set(?:\w*Status|State)\(\s*(?:\w+\.valueOf\()?\s*(?P<what>status|newStatus|\w*(?:request|dto|Dto|Request)\w*\.(?:get)?(?:[nN]ew)?[sS]tatus(?:\(\))?)(?:\.toUpperCase\(\))?\s*\)",
        r"(?i)(?:order|payment|booking|reservation|invoice|ticket|shipment|delivery)",
        COMPARED,
        STATE,
    ),
    chosen(
        &["service.ts", "usecase.ts", "use-case.ts"],
        r"(?m)(?:\w+\.status\s*=\s*|\bupdate\([^;\n]*\{\s*status\s*:\s*)(?P<what>status|newStatus|\w*(?i:dto|body|payload|data|input)\.(?:new)?[sS]tatus)\b",
        r"(?i)(?:order|payment|booking|reservation|invoice|ticket|shipment|delivery)",
        r"(?i)transition|allowed|\bswitch\b|\.status\s*[!=]==?|validate\w*status|isAdmin",
        STATE,
    ),
    chosen(
        JVM,
        r"=\s*(?P<what>\w*(?i:item|request|dto|input)\w*\.(?:get)?[dD]iscount\w*\(\))",
        r"(?i)\b(?:create|place|submit|checkout|add|build|calculate)\w*\(",
        r"(?i)coupon|voucher|promotion",
        DISCOUNT,
    ),
    chosen(
        SCRIPT,
        r"(?P<what>\b\w*(?i:dto|item|request|body|input)\w*\.discount\w*)\b",
        r"(?i)\b(?:create|place|submit|checkout)\w*\(",
        r"(?i)coupon|voucher|promotion",
        DISCOUNT,
    ),
];
