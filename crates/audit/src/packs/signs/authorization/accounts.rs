//! Accounts and sessions: answers that reveal accounts, hashes in answers, sessions that stay the
//! same, origins and identities of the caller's choice.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const TIME: &str = "the login of an unknown account computes no hash, so the response time reveals which accounts exist";
const TEXT: &str = "the response `{}` reveals which accounts exist";
const FIXED: &str = "`{}` signs the user in and keeps the session ID";
const HASH: &str = "`{}` is part of the JSON of a stored record";
const ORIGIN: &str = "`{}` accepts origins of other owners";
const PATTERN: &str = "the caller controls the pattern of `{}`";

const fn enumeration(
    files: &'static [&'static str],
    pattern: &'static str,
    evidence: &'static str,
) -> Sign {
    review(
        Practice::AccountEnumeration,
        files,
        pattern,
        r"(?i)dummy|fake_?hash|constant.?time|timing",
        evidence,
    )
}

const fn origin(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::LooseOrigin, files, pattern, "", ORIGIN)
}

const fn fixation(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::SessionFixation, files, pattern, unless, FIXED)
}

pub(super) const SIGNS: &[Sign] = &[
    enumeration(
        SCRIPT,
        r"(?P<what>if\s*\(\s*!\s*\w*(?i:user|account|member|customer)\w*\s*\))\s*\{?[^{}]{0,200}?\b(?:return|throw)\b[^{}]{0,200}\}?[^{}]{0,200}?\b(?:bcrypt|argon2|compare|verifyPassword|validatePassword|checkPassword|comparePassword|matchPassword)\w*(?:\.\w+)?\(",
        TIME,
    ),
    enumeration(
        SCRIPT,
        r"(?P<what>if\s*\(\s*\w*(?:[uU]ser|[aA]ccount)\s*\))\s*\{\s*(?:const\s+)?\w[^;{}]*?\b(?:compare|verify\w*|checkPassword)(?:Sync)?\(",
        TIME,
    ),
    enumeration(
        SCRIPT,
        r"(?P<what>if\s*\(\s*!?\w*(?:[uU]ser|[aA]ccount)\s*(?:\|\||&&)\s*!?\s*\(?\s*(?:await\s+)?[\w.]*(?:compare|verify\w*|checkPassword)(?:Sync)?\()",
        TIME,
    ),
    enumeration(
        GO,
        r"(?P<what>if [^\n]*(?:err|nil|found|ok)\b[^\n]*\{)\s*\n(?:[^\n}]*\n){0,6}?\s*return[^\n]*\n\s*\}\s*\n(?:[^\n]*\n){0,3}?[^\n]*bcrypt\.CompareHashAndPassword\(",
        TIME,
    ),
    enumeration(
        PYTHON,
        r"(?P<what>if (?:not )?\w*(?:user|account)\w*(?: is (?:not )?None)?(?: and| or)(?: not)? [^\n]*(?:check_password|verify_password|checkpw|verify)\w*\()",
        TIME,
    ),
    enumeration(
        PYTHON,
        r"(?P<what>if (?:not \w*user\w*|\w*user\w* is None)):\s*\n\s*(?:return|raise)[^\n]*\n(?:[^\n]*\n){0,3}?[^\n]*(?:check_password|verify_password|checkpw)\w*\(",
        TIME,
    ),
    enumeration(
        JVM,
        r"(?P<what>orElseThrow)\([^;]*;(?:[^;]*;){0,2}?[^;]*\b\w*[eE]ncoder\.matches\(",
        TIME,
    ),
    enumeration(
        &[".ts", ".js", ".go", ".py", ".java", ".kt"],
        r#"(?i)\b(?:login|signin|sign_in|authenticate)\w*\((?:[^"'`]|["'`][^"'`\n]{0,8}["'`]){0,300}?(?P<what>["'](?:user|account|email|username)(?: \w+){0,2} (?:not found|not registered|does not exist|doesn't exist|not exist|is unknown)[^"'\n]*["'])"#,
        TEXT,
    ),
    inside(
        Practice::AccountEnumeration,
        &[".ts", ".js", ".go", ".py", ".java", ".kt"],
        r#"(?i)(?P<what>["'`](?:the )?(?:user|account|email|e-mail|username)\b[^"'`\n]{0,40}[ -](?:exists|taken|(?:is|been|already) registered|in use|already (?:used|has))\b[^"'`\n]*["'`])"#,
        r"(?i)register|sign_?up|create_?(?:user|account)",
        "",
        TEXT,
    ),
    inside(
        Practice::AccountEnumeration,
        GO,
        r"(?P<what>\b\w+\.(?:Find|Get)\w*By(?:Email|Username|Phone|Login)\w*)\([^\n]*\n\s*if err != nil \{\s*\n\s*return [^\n]*\berr\s*\n",
        r"(?i)CompareHashAndPassword|(?:verify|check|compare|match)\w*Password",
        r"(?i)InvalidCredential|Unauthenticated|Unauthorized",
        "the failure of `{}` is another response than a wrong password",
    ),
    fixation(
        SCRIPT,
        r"(?P<what>\b(?:req|request|ctx)\.session\.(?:user\w*|uid|account\w*|member\w*|admin\w*|isLoggedIn|authenticated)\s*=)[^=]",
        "regenerate",
    ),
    fixation(
        GO,
        r#"(?P<what>\b\w*[sS]ess\w*\.(?:Values\["(?:user|auth|uid)\w*"\]\s*=|(?:Set|Put)\((?:[\w.()]+,\s*)?"(?:user|auth|uid)\w*"))"#,
        r"(?i)regenerate|RenewToken|MaxAge:\s*-1",
    ),
    fixation(
        JVM,
        r#"(?P<what>\b\w*[sS]ession(?:\(\))?\.setAttribute\(\s*"(?:user|account|loggedIn|auth)\w*")"#,
        "changeSessionId|invalidate",
    ),
    fixation(
        &[".php"],
        r"(?P<what>\$_SESSION\[['\x22](?:user|uid|auth|login)\w*['\x22]\]\s*=)",
        "session_regenerate_id",
    ),
    review(
        Practice::ExposedHash,
        GO,
        r#"(?m)^\s*(?P<what>\w*(?:Password|PasswordHash|Passwd))\s+\*?string\s+`(?:[^`\n]*\b(?:gorm|db|bson|xorm):"[^`\n]*json:"(?:password|passwd|hash)\w*"|[^`\n]*json:"\w*(?:password|passwd)\w*"[^`\n]*\b(?:gorm|db|bson|xorm):")"#,
        "",
        HASH,
    ),
    Sign {
        elsewhere: r"ClassSerializerInterceptor|plainToInstance|plainToClass|delete \w+\.password|password:\s*undefined|toJSON\(|ResponseDto",
        ..review(
            Practice::ExposedHash,
            &[".entity.ts"],
            r"@Column\([^)]*\)\s*(?:public\s+)?(?P<what>password\w*)\s*[!?]?\s*:",
            r"@Exclude|select:\s*false",
            HASH,
        )
    },
    Sign {
        elsewhere: r"\b(?:class|record)\s+\w*(?:Dto|DTO|Response|View|Representation)\b",
        ..review(
            Practice::ExposedHash,
            &[".java"],
            r"@Entity\b[\s\S]*?private\s+String\s+(?P<what>password\w*)\s*;",
            r"@JsonIgnore|WRITE_ONLY",
            HASH,
        )
    },
    review(
        Practice::ExposedHash,
        SCRIPT,
        r"(?P<what>\bres(?:ponse)?(?:\.status\([^()\n]*\))?\.(?:json|send)\(\s*(?:user|newUser|savedUser|createdUser|account)\s*\))",
        r"(?i)toJSON|\.select\(|delete \w+\.password|password:\s*(?:undefined|false|0)|omit|attributes:|sanitize",
        "`{}` sends a whole user record",
    ),
    origin(
        &[".rs"],
        r"allowed_origin_fn\([^;]*?(?P<what>\b(?:ends_with|contains|starts_with)\(\s*b?\x22[^\x22]*\x22\s*\))",
    ),
    origin(
        SCRIPT,
        r"\borigin\w*[!?]?\.(?P<what>(?:endsWith\(\s*['\x22`][^.'\x22`][^)\n]*\)|(?:includes|startsWith|indexOf)\(\s*['\x22`][^)\n]*\)))",
    ),
    origin(
        GO,
        r"(?P<what>strings\.(?:(?:Contains|HasPrefix)\(\s*\w*[oO]rigin\w*\s*,\s*\x22|HasSuffix\(\s*\w*[oO]rigin\w*\s*,\s*\x22[^.]))",
    ),
    origin(
        GO,
        r"(?P<what>CheckOrigin\s*[:=]\s*func\([^)\n]*\)\s*bool\s*\{\s*return true)",
    ),
    origin(
        PYTHON,
        r"(?P<what>allow_origin_regex\s*=\s*r?['\x22](?:https\??://)?\(?\.[*+])",
    ),
    origin(
        &[".cs"],
        r"(?P<what>SetIsOriginAllowed\(\s*\(?\w+\)?\s*=>\s*true)",
    ),
    review(
        Practice::UnsafeInput,
        SCRIPT,
        r"(?P<what>\b(?:keys|scan|getAllKeys|delPattern|scanStream)\(\s*`[^`\n]*(?:\*[^`\n]*\$\{|\$\{[^`\n]*\*)[^`\n]*`)",
        "",
        PATTERN,
    ),
    review(
        Practice::UnsafeInput,
        GO,
        r"(?P<what>\.(?:Keys|Scan)\([^\n]*(?:\+\s*\x22\*\x22|\x22\*\x22\s*\+|Sprintf\(\x22[^\x22\n]*%s[^\x22\n]*\*))",
        "",
        PATTERN,
    ),
    review(
        Practice::CallerIdentity,
        SCRIPT,
        r"(?P<what>\b(?:userId|user_id|ownerId|customerId|accountId)\s*[:=]\s*(?:req|request|ctx)\.(?:body|query)\.\w+)",
        r"(?:req|request|ctx)\.(?:user|auth|decoded|session)\b",
        "`{}` comes from the caller, and the file reads no verified identity",
    ),
    review(
        Practice::CallerIdentity,
        SCRIPT,
        r"(?:const|let)\s*\{[^}]*?(?P<what>\b(?:userId|user_id|ownerId|customerId|accountId)\b)[^}]*\}\s*=\s*(?:req|request|ctx)\.(?:body|query)\b",
        r"(?:req|request|ctx)\.(?:user|auth|decoded|session)\b",
        "`{}` comes from the caller, and the file reads no verified identity",
    ),
    review(
        Practice::Ownership,
        SCRIPT,
        r"\b(?:[dD]elete|[rR]emove|[uU]pdate|[eE]dit)\w*(?:DTO|Dto|Request|Input|Command)\s*=\s*(?P<what>req(?:uest)?\.(?:body|params))",
        r"\.decoded|req\.user|request\.user|currentUser|req\.auth",
        "`{}` selects the record, and the handler does not check the caller",
    ),
    review(
        Practice::Ownership,
        &["controller.cs"],
        r"(?P<what>\[Http(?:Delete|Put|Patch)\(\x22[^\x22]*\{[^\x22]*\x22)",
        r"\[Authorize|User\.|ClaimsPrincipal|[uU]serId",
        "the handler of `{}` changes any record that the caller names",
    ),
    Sign {
        elsewhere: r"AddAuthentication|UseAuthentication|\[Authorize|RequireAuthorization|AddJwtBearer",
        ..review(
            Practice::Ownership,
            &["controller.cs", "controllers.cs"],
            r"(?P<what>\[Route\([^\n]*\]|class \w+Controller\b)[\s\S]*?\[Http(?:Post|Put|Delete|Patch)",
            "",
            "the service changes data, and none of its code authenticates a caller",
        )
    },
    review(
        Practice::MassAssignment,
        JVM,
        r"@InitBinder(?:\([^)\n]*\))?\s*(?:fun|public void|protected void|private void|void)\s+(?P<what>\w+)\([^)]*\)\s*\{(?:[^}F]|F[^i])*\}",
        "",
        "`{}` accepts every field of the form, including the ID",
    ),
];
