//! Data and decisions that are invented: samples in migrations and in code, chance, simulated work.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const SAMPLES: &str = "`{}` adds sample records in every environment";
const DECIDED: &str = "a random number decides the result (`{}`)";
const SIMULATED: &str = "the code simulates what it should do (`{}`)";
const CODE: &[&str] = &[
    ".go", ".ts", ".js", ".mjs", ".py", ".java", ".kt", ".rs", ".cs", ".php", ".rb",
];

const fn samples(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::SampleData, files, pattern, unless, SAMPLES)
}

pub(super) const SIGNS: &[Sign] = &[
    samples(
        &[".sql"],
        r#"(?im)^[ \t]*(?P<what>INSERT (?:IGNORE )?INTO\s+[\x22`]?(?:\w+\.)?(?:users?|accounts?|customers?|admins?|orders?|products?|employees?|members?|items|inventory|stocks?|warehouses?|shops?)[\x22`]?)\b"#,
        r"--\s*name:",
    ),
    samples(
        JVM,
        r"(?:implements\s+(?:CommandLineRunner|ApplicationRunner)|@PostConstruct|(?:CommandLineRunner|ApplicationRunner)\s+\w+\(|ApplicationReadyEvent)[\s\S]{0,1200}?(?P<what>\.(?:deleteAll|dropCollection|drop|saveAll|save|insert|insertAll)\()",
        r"@Profile|@ConditionalOn|Environment\b",
    ),
    samples(
        GO,
        r"(?P<what>\b(?:mock|dummy|fake|sample)(?i:products?|users?|orders?|items?|data|accounts?)\s*:?=\s*(?:make\(map|\S*\{))",
        "",
    ),
    samples(
        SCRIPT,
        r"(?P<what>\b(?:mock|dummy|fake|sample)_?(?i:products?|users?|orders?|items?|data|accounts?)\w*\s*(?::[^=\n]*)?=\s*[\[{])",
        "",
    ),
    samples(
        PYTHON,
        r"(?im)^[ \t]*(?P<what>(?:mock|dummy|fake|sample)_?(?:products?|users?|orders?|items?|data|accounts?|db)\w*\s*(?::[^=\n]*)?=\s*[\[{])",
        "",
    ),
    samples(
        JVM,
        r"(?P<what>\b(?:mock|dummy|fake|sample)(?:Products?|Users?|Orders?|Items?|Data|Accounts?)\w*\s*=\s*(?:List|Map|Arrays|new)\b)",
        "",
    ),
    review(
        Practice::Stub,
        CODE,
        r#"(?i)\b(?:println|printf?|log\w*\.\w+)\(\s*f?["'`][^"'`\n]*(?P<what>\b(?:mock|fake|dummy|simulated|simulating)\b)"#,
        "",
        SIMULATED,
    ),
    inside(
        Practice::Stub,
        &[".java", ".kt", ".go", ".py", ".cs"],
        r"(?P<what>\b(?:\w*[rR]andom\w*|rand)\.(?:next(?:Double|Int|Boolean|Float)|Next(?:Double)?|Float(?:32|64)|Intn|random|randint)\([^)\n]*\))",
        r"(?i)\b\w*(?:success|approved|declined|failure_?rate|fail_?rate)\w*",
        r"(?i)jitter|backoff|sampl|sleep|delay",
        DECIDED,
    ),
    review(
        Practice::SampleData,
        CODE,
        r#"(?P<what>\.(?:contains|startsWith|includes|equals|HasPrefix|StartsWith|Contains)\(\s*["'](?i:fail|mock|simulate|force)[-_]\w+["']\s*\))"#,
        "",
        "a value for tests changes the result (`{}`)",
    ),
    review(
        Practice::Stub,
        JVM,
        r"\bclass (?:Console|Logging|Log|Dummy|Fake|Demo|NoOp|Noop|Simulated|Simulating)\w*(?:Sender|Notifier|Processor|Gateway|Provider|Mailer|NotificationService|PaymentService|EmailService)\b[\s\S]{0,1500}?(?P<what>\b(?:log(?:ger)?\.\w+|System\.out\.print\w*))\(",
        r"@Profile|@ConditionalOn",
        "the deployed class only logs what it should do (`{}`)",
    ),
    review(
        Practice::Stub,
        &[".ts", ".js", ".mjs", ".java", ".kt", ".cs"],
        r"(?P<what>\b(?:Math\.random\(\)|(?:new )?Random\(\)\.(?:nextBoolean|nextInt|nextDouble|Next|NextDouble)\([^)\n]*\))\s*[<>]=?\s*(?:\d[\d.]*|(?:this\.)?\w*[rR]ate\w*))",
        r"(?i)jitter|backoff|sampl",
        DECIDED,
    ),
    review(
        Practice::Stub,
        PYTHON,
        r"(?P<what>\brandom\.(?:random\(\)|choice\(\s*\[\s*True,\s*False)\s*(?:[<>]=?\s*\d[\d.]*)?)",
        r"(?i)jitter|backoff|sampl",
        DECIDED,
    ),
    review(
        Practice::Stub,
        GO,
        r"(?P<what>\brand\.(?:Float64|Float32|Intn)\([^)\n]*\)\s*(?:[<>]=?|==)\s*\d[\d.]*)",
        r"(?i)jitter|backoff|sampl",
        DECIDED,
    ),
    review(
        Practice::Stub,
        CODE,
        r"(?im)(?:(?:^|[^/\n])(?://[^/!\n]|#[^\[!\n])[^\n]*\b(?:simulat|in a real|in real (?:world|life|app)|in production,? (?:you|we|this|use)|for demo)[^\n]*\n[ \t]*)(?P<what>\S[^\n]{3,60})",
        r"(?:type|class|struct) Mock",
        SIMULATED,
    ),
    review(
        Practice::DebugMode,
        PYTHON,
        r"(?P<what>\b(?:debugpy|ptvsd|pydevd\w*)\.(?:listen|wait_for_client|enable_attach|settrace)\()",
        "",
        "`{}…)` opens a debugger in the deployed program",
    ),
];
