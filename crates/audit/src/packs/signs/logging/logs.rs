//! Logs: levels, prints, data of persons.

use super::{JVM, PYTHON, Sign};
use crate::model::facts::{Practice, Verdict};

/// A log record with data of a person. Records of the level debug are off by default.
const fn person(verdict: Verdict, files: &'static [&'static str], pattern: &'static str) -> Sign {
    Sign {
        practice: Practice::PersonLogged,
        verdict,
        files,
        pattern,
        unless: "",
        elsewhere: "",
        evidence: "a log record contains the e-mail address or telephone number of a person",
        within: "",
    }
}

pub(super) const SIGNS: &[Sign] = &[
    person(
        Verdict::LikelyBroken,
        JVM,
        r"(?i)\b(?P<what>log(?:ger)?\.(?:info|warn|error)\([^;]*?[,+]\s*[\w.()]*get(?:email|phone|mobile|telephone)\w*\(\))",
    ),
    person(
        Verdict::Minor,
        JVM,
        r"(?i)\b(?P<what>log(?:ger)?\.debug\([^;]*?[,+]\s*[\w.()]*get(?:email|phone|mobile|telephone)\w*\(\))",
    ),
    person(
        Verdict::LikelyBroken,
        &[".cs"],
        r"\b(?P<what>(?:_?[lL]og(?:ger)?)\.(?:Log)?(?:Information|Warning|Error)\([^;]*?[,{]\s*\w+\.(?:\w+\.)*(?:Email\w*|Phone\w*|TelephoneNumber|PostalCode|Iban|BirthDate))",
    ),
    person(
        Verdict::Minor,
        &[".cs"],
        r"\b(?P<what>(?:_?[lL]og(?:ger)?)\.(?:Log)?Debug\([^;]*?[,{]\s*\w+\.(?:\w+\.)*(?:Email\w*|Phone\w*|TelephoneNumber|PostalCode|Iban|BirthDate))",
    ),
    Sign {
        practice: Practice::PersonLogged,
        verdict: Verdict::Review,
        files: &[".cs"],
        pattern: r"\b(?P<what>(?:_?[lL]og(?:ger)?)\.(?:Log)?(?:Information|Warning|Error|Debug)\([^;]*?,\s*(?:message|body|payload|json)\s*\))",
        unless: "",
        elsewhere: "",
        evidence: "a log record contains a whole message",
        within: "",
    },
    person(
        Verdict::LikelyBroken,
        PYTHON,
        r"\b(?P<what>log(?:ger|ging)?\.(?:info|warning|error|exception)\([^\n]*?(?:,\s*|\{)(?:\w+\.)+(?:email|phone|phone_number|mobile)\b)",
    ),
    person(
        Verdict::Minor,
        PYTHON,
        r"\b(?P<what>log(?:ger|ging)?\.debug\([^\n]*?(?:,\s*|\{)(?:\w+\.)+(?:email|phone|phone_number|mobile)\b)",
    ),
    person(
        Verdict::LikelyBroken,
        &[".ts", ".js"],
        r"\b(?P<what>(?:console\.(?:log|info|warn|error|debug)|(?:logger|log|this\.logger)\.(?:log|info|warn|error))\([^\n]*?(?:,\s*|\$\{)(?:\w+\.)+(?:email|phone|phoneNumber|mobile)\b)",
    ),
    person(
        Verdict::Minor,
        &[".ts", ".js"],
        r"\b(?P<what>(?:logger|log|this\.logger)\.debug\([^\n]*?(?:,\s*|\$\{)(?:\w+\.)+(?:email|phone|phoneNumber|mobile)\b)",
    ),
    Sign {
        practice: Practice::LogLevel,
        verdict: Verdict::Minor,
        files: &[".yml", ".yaml"],
        pattern: r#"(?m)^\s*Log:\s*\r?\n(?:\s+\w+:[^\n]*\n)*?\s+(?P<what>Level:\s*["']?(?:error|severe|alert|fatal|debug))\b"#,
        unless: "",
        elsewhere: "",
        evidence: "the settings have `{}`",
        within: "",
    },
    Sign {
        practice: Practice::LogLevel,
        verdict: Verdict::Minor,
        files: &[".rs"],
        pattern: r#"(?P<what>set_var\(\s*"RUST_LOG"\s*,\s*"[^"]*(?:trace|debug)[^"]*")"#,
        unless: "",
        elsewhere: "",
        evidence: "`{})` replaces the level of the environment",
        within: "",
    },
    Sign {
        practice: Practice::LogLevel,
        verdict: Verdict::Minor,
        files: &[".ts", ".js"],
        pattern: r#"(?P<what>LOG_LEVEL\s*(?:\?\?|\|\|)\s*["'](?:silent|trace|debug|fatal)["'])"#,
        unless: "",
        elsewhere: "",
        evidence: "`{}` is the default level",
        within: "",
    },
    Sign {
        practice: Practice::Print,
        verdict: Verdict::Minor,
        files: &[".cs"],
        pattern: r"\b(?P<what>Console\.(?:Write|WriteLine))\(",
        unless: "",
        elsewhere: "",
        evidence: "`{}` bypasses the logger",
        within: "",
    },
    Sign {
        practice: Practice::Print,
        verdict: Verdict::Minor,
        files: &["service.ts", "controller.ts", "guard.ts", "gateway.ts"],
        pattern: r"(?P<what>\bconsole\.(?:error|warn|info|debug))\(",
        unless: "",
        elsewhere: "",
        evidence: "`{}` bypasses the logger",
        within: "",
    },
    Sign {
        practice: Practice::Print,
        verdict: Verdict::Minor,
        files: JVM,
        pattern: r"\b(?P<what>System\.(?:out|err)\.print(?:ln|f)?|\.printStackTrace)\(",
        unless: "",
        elsewhere: "",
        evidence: "`{}` bypasses the logger",
        within: "",
    },
    Sign {
        practice: Practice::Print,
        verdict: Verdict::Minor,
        files: &[".rs"],
        pattern: r"(?m)^\s*(?P<what>println|dbg)!\(",
        unless: r"\bclap\b|structopt|argh|proc_macro|cargo:(?:rerun|rustc|warning)",
        elsewhere: "",
        evidence: "`{}!` bypasses the logger",
        within: "",
    },
    Sign {
        practice: Practice::FileLogging,
        verdict: Verdict::Review,
        files: &[".cs"],
        pattern: r"(?P<what>File\.AppendAll(?:Text|Lines)(?:Async)?)\(\s*\w*[lL]og",
        unless: "",
        elsewhere: "",
        evidence: "`{}` writes a log to a file of the container",
        within: "",
    },
];
