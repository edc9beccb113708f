//! Amounts of callers: numbers without a minimum, states that are checked and then changed.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const UNBOUNDED: &str = "no validation refuses a negative `{}`";
const CHECKED: &str =
    "`{}` is checked and then changed, so two parallel requests both pass the check";
const SAFE: &str = r"(?i)for update|pessimistic|optimistic|\bversion\b|\block\b|findOneAndUpdate|updateMany|isolation|where\([^)\n]*status|serializable|rowversion|with_for_update";

const fn unbounded(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::NumberRange, files, pattern, unless, UNBOUNDED)
}

const fn checked(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::SharedState, files, pattern, SAFE, CHECKED)
}

pub(super) const SIGNS: &[Sign] = &[
    unbounded(
        GO,
        r"\b(?P<what>Amount|Price|TotalPrice):\s*(?:\w+\()?(?:in|req)\.(?:Get)?(?:Amount|Price|TotalPrice)\b",
        r"(?i)valid|(?:Amount|Price)\w*(?:\(\))? <=? 0",
    ),
    review(
        Practice::NumberRange,
        PYTHON,
        r"(?m)^(?:    |\t)(?P<what>(?:price|stock|quantity|qty|amount|balance|units)\s*:\s*(?:Optional\[)?(?:float|int|Decimal)\b)\]?(?:\s*\|\s*None)?(?:\s*=\s*(?:None|0|1))?[ \t]*$",
        r"(?:gt|ge)\s*=|conint|condecimal|confloat|Positive(?:Int|Float)|validator|sqlalchemy|dataclass|NamedTuple|TypedDict",
        "`{}` has no minimum, so a caller may send a negative number",
    ),
    unbounded(
        SCRIPT,
        r"@Is(?:Number|Int)\([^)]*\)\s*(?:@\w+\((?:[^()]|\([^()]*\))*\)\s*)*(?P<what>\b(?:amount|quantity|price|total\w*))\s*[!?]?:\s*number",
        r"@Min\(|@IsPositive\(",
    ),
    unbounded(
        &[
            "request.java",
            "dto.java",
            "command.java",
            "request.kt",
            "dto.kt",
        ],
        r"\b(?:BigDecimal|double|Double|float|Long|long|int|Integer)\s+(?P<what>(?:\w*[aA]mount|quantity|price|total\w*))\b",
        r"@Positive|@Min\(|@DecimalMin",
    ),
    unbounded(
        PYTHON,
        r"class \w*(?:Create|Request|Input|In)\w*\([^)]*\):(?:\n(?:[ \t][^\n]*)?){1,25}?\n\s+(?P<what>amount|quantity|price|total\w*)\s*:\s*(?:decimal\.)?(?:Decimal|float|int)\b",
        r"\bg[te]\s*=|Positive|condecimal|conint|validator\(",
    ),
    unbounded(
        &["dto.go", "request.go", "requests.go", "dtos.go", "input.go"],
        r"(?m)^\s*(?P<what>Amount|Quantity|Price|Total\w*)\s+(?:float64|u?int64|int|int32|decimal\.Decimal)\s+`",
        r"\b(?:gte?|min)=",
    ),
    unbounded(
        &["dto.cs", "request.cs", "command.cs"],
        r"\b(?:decimal|double|int|long)\??\s+(?P<what>Amount|Quantity|Price|Total\w*)\s*\{\s*get",
        r"\[Range|GreaterThan|RuleFor",
    ),
    unbounded(
        &[".rs"],
        r"derive\([^)]*Deserialize[^)]*\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub )?struct \w+\s*\{[^}]*?\b(?P<what>amount\w*|quantity|price\w*)\s*:\s*(?:i32|i64|f64|(?:rust_decimal::)?Decimal|BigDecimal)",
        r"range\(|is_positive|is_sign_negative|(?:amount|quantity|price)\w*\s*(?:<|<=|>|>=)\s*(?:0|Decimal::ZERO)",
    ),
    checked(
        SCRIPT,
        r"\bif\s*\(\s*(?P<what>\w+\.status)\s*[!=]==?[^){]*\)\s*\{[^}]*\b(?:throw|return)\b[^}]*\}[\s\S]{0,900}?(?:\.update\w*\([^;]*?\bstatus:|\.status\s*=[^=][\s\S]{0,300}?\.save\()",
    ),
    checked(
        GO,
        r"\bif (?P<what>\w+\.Status) [!=]= [^\n]*\{\s*\n[^\n]*return [^\n]*\n\s*\}(?:\n[^\n]*){1,30}?\n[^\n]*(?:\.Status\s*=\s|Update\w*\([^\n]*[sS]tatus)",
    ),
    checked(
        JVM,
        r"\bif\s*\(\s*(?P<what>\w+\.(?:getStatus\(\)|status))\s*[!=]=[^{]*\{[^}]*\bthrow\b[^}]*\}[\s\S]{0,900}?(?:\.setStatus\(|\.status\s*=[^=])",
    ),
    checked(
        &[".cs"],
        r"\bif\s*\(\s*(?P<what>\w+\.Status)\s*[!=]=[^{]*?\)\s*\{?[^}]{0,200}?\b(?:throw|return)\b[\s\S]{0,900}?\.Status\s*=[^=]",
    ),
    checked(
        PYTHON,
        r"\bif (?P<what>\w+\.status) (?:!=|==|not in|in) [^\n]*:\s*\n\s*(?:raise|return)\b[^\n]*(?:\n[^\n]*){1,25}?\n\s*\w+\.status\s*=[^=]",
    ),
    checked(
        &[".rs"],
        r"\bif (?P<what>\w+\.status) [!=]= [^\n]*\{\s*\n[^\n]*(?:return )?Err\([^\n]*\n\s*\}(?:\n[^\n]*){1,30}?\n[^\n]*\.status\s*=[^=]",
    ),
];
