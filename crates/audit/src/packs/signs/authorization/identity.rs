//! Users and prices that code takes from the body of a request.

use super::{GO, JVM, PYTHON, Sign, review};
use crate::model::facts::Practice;

const OWNER: &str = "the body of the request names its own user (`{}`)";
const PRICE: &str = "the caller chooses the price (`{}`)";
/// Words of code that gets the user from a verified token.
const VERIFIED: &str = r"(?i)currentuser|principal|jwt|req\.user|claims";

const fn owner(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::CallerIdentity, files, pattern, VERIFIED, OWNER)
}

const fn price(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::MassAssignment, files, pattern, "", PRICE)
}

pub(super) const SIGNS: &[Sign] = &[
    owner(
        &[".ts"],
        r"(?:interface|class)\s+\w*(?:Create|Place|New|Add)\w*(?:Dto|DTO|Request|Input|Payload)\b[^{]*\{[^}]*?(?P<what>\b(?:userId|customerId|clientId|ownerId|accountId|tenantId))\b",
    ),
    owner(
        GO,
        r"type \w*(?:Create|Place|New|Add)\w*(?:Request|Req|Input|DTO|Dto|Params|Body)\w* struct \{[^}]*?(?P<what>\b(?:User|Customer|Client|Owner|Account|Tenant)I[Dd])\s+\S+\s+`[^`\n]*json:",
    ),
    owner(
        GO,
        r"type \w*(?:Order|Payment|Booking|Cart|Transaction)Create\w* struct \{[^}]*?(?P<what>\b(?:User|Customer|Client|Owner|Account|Tenant)I[Dd])\s+\S+\s+`[^`\n]*json:",
    ),
    owner(
        PYTHON,
        r"(?m)^class \w*(?:Create|Request|Input|Payload)\w*\([^)\n]*(?:BaseModel|Schema)[^)\n]*\):(?:\n[ \t]+[^\n]*|\n)*?\n[ \t]+(?P<what>(?:user|customer|client|owner|account)_id)\s*:",
    ),
    owner(
        JVM,
        r"(?:record|class)\s+\w*(?:Create|Place|New)\w*(?:Request|Dto|DTO|Command)\b[^;]{0,400}?(?P<what>\b(?:userId|customerId|clientId|ownerId|accountId))\b",
    ),
    price(
        &[".ts"],
        r"(?:interface|class)\s+\w*(?:OrderItem|InvoiceItem|CartItem|LineItem|BasketItem)\w*(?:Dto|DTO|Request|Input)\b[^{]*\{[^}]*?(?P<what>\b(?:unitPrice|price|amount))\s*[:!?]",
    ),
    price(
        GO,
        r"type \w*(?:Order|Cart|Checkout|Line)\w*Item\w*(?:Request|Req|Input|DTO|Dto) struct \{[^}]*?(?P<what>\b(?:UnitPrice|Price|Amount))\s+\S+\s+`[^`\n]*json:",
    ),
    review(
        Practice::LocalAddress,
        &[".py", ".ts", ".js"],
        r#"(?m)^\s*(?:export\s+)?(?:const\s+|let\s+)?(?P<what>\w*(?i:origins?))\s*(?::[^=\n]+)?=\s*\[\s*(?:["']https?://(?:localhost|127\.0\.0\.1)[^"'\n]*["']\s*,?\s*)+\]"#,
        r"process\.env|environ|getenv|settings\.",
        "`{}` contains only this host, and no setting replaces the list",
    ),
];
