//! SARIF 2.1.0, as code scanning services take it.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{Finding, Report};
use crate::baseline::BaselineEntry;
use crate::rule::{Category, Metadata, Severity, rules};
use crate::suppression::Suppressed;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The name and version of the fingerprint's recipe.
const FINGERPRINT: &str = "seaworthy/v1";
/// The only fingerprint that code scanning on GitHub uses to recognize a result.
const GITHUB_FINGERPRINT: &str = "primaryLocationLineHash";
/// Everything but the unreserved characters of a URI and the separators of a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Renders the report as SARIF 2.1.0. It contains suppressed findings with their justification.
/// With a baseline, every result has its `baselineState`.
///
/// # Errors
/// Never in practice: every part is plain data.
pub fn sarif(report: &Report) -> Result<String, serde_json::Error> {
    let mut results: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| result(report, finding, None))
        .collect();
    results.extend(
        report
            .suppressed
            .iter()
            .map(|suppression| result(report, &suppression.finding, Some(suppression))),
    );
    if let Some(comparison) = report.known() {
        results.extend(comparison.fixed.iter().map(absent));
    }
    let notifications: Vec<Value> = report
        .incomplete
        .iter()
        .map(|reason| json!({"level": "error", "message": {"text": reason}}))
        .chain(report.not_audited.iter().map(|service| {
            json!({
                "level": "warning",
                "message": {"text": format!("{} is not audited: {}", service.name, service.reason)},
                "locations": [{"physicalLocation": {
                    "artifactLocation": artifact(&service.path),
                    "region": {"startLine": service.line},
                }}],
            })
        }))
        .chain(report.notices.iter().map(|notice| {
            json!({
                "level": "warning",
                "message": {"text": format!("{}: {}", notice.place, notice.text)},
            })
        }))
        .collect();
    let mut text = serde_json::to_string_pretty(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "seaworthy",
                "fullName": "seaworthy audit",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "shortDescription": {"text": "Audits a repository for production readiness"},
                "rules": rules().iter().map(|rule| descriptor(&rule.metadata)).collect::<Vec<_>>(),
            }},
            "automationDetails": {"id": "seaworthy-audit/"},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": report.incomplete.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
            "properties": {
                "verdict": report.verdict,
                "score": report.score.percent,
                "coverage": report.score.coverage,
                "notAudited": report.not_audited,
            },
        }],
    }))?;
    text.push('\n');
    Ok(text)
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The number by which code scanning on GitHub sorts findings about security: over 9 is critical
/// there, over 7 high, over 4 medium.
const fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}

/// The level of a finding in code scanning that is not about security.
const fn problem_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "recommendation",
    }
}

/// `RES-3.outbound-timeout` is `Res3OutboundTimeout`: viewers expect an identifier.
fn rule_name(id: &str) -> String {
    id.split(['-', '.'])
        .map(|part| {
            let lower = part.to_lowercase();
            let mut letters = lower.chars();
            letters
                .next()
                .map(|first| first.to_uppercase().chain(letters).collect::<String>())
                .unwrap_or_default()
        })
        .collect()
}

/// The text that code scanning shows below a finding.
fn help(metadata: &Metadata, fix: &str) -> String {
    let references = metadata
        .references
        .iter()
        .map(|reference| format!("- <{reference}>"))
        .collect::<Vec<_>>()
        .join("\n");
    format!(
        "**What it finds.** {}\n\n**Why it matters.** {}\n\n**How to fix it**\n\n{fix}\n\n**References**\n\n{references}",
        metadata.meaning, metadata.why
    )
}

fn descriptor(metadata: &Metadata) -> Value {
    let fix = metadata
        .fix
        .iter()
        .map(|(ecosystem, text)| format!("- {ecosystem}: {text}"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut properties = Map::new();
    let tags = vec![
        metadata.category.name(),
        "production-readiness",
        metadata.requirement(),
    ];
    properties.insert("precision".to_owned(), "high".into());
    properties.insert(
        "problem.severity".to_owned(),
        problem_severity(metadata.severity).into(),
    );
    if metadata.category == Category::Security {
        properties.insert(
            "security-severity".to_owned(),
            security_severity(metadata.severity).into(),
        );
    }
    properties.insert("tags".to_owned(), tags.into());
    let mut descriptor = json!({
        "id": metadata.id,
        "name": rule_name(metadata.id),
        "shortDescription": {"text": metadata.title},
        "fullDescription": {"text": metadata.meaning},
        "help": {
            "text": format!("{}\n\n{}\n\n{fix}", metadata.meaning, metadata.why),
            "markdown": help(metadata, &fix),
        },
        "defaultConfiguration": {"level": level(metadata.severity)},
        "properties": properties,
    });
    if let (Some(first), Some(object)) = (metadata.references.first(), descriptor.as_object_mut()) {
        object.insert("helpUri".to_owned(), (*first).into());
    }
    descriptor
}

fn result(report: &Report, finding: &Finding, suppression: Option<&Suppressed>) -> Value {
    let mut result = json!({
        "ruleId": finding.id,
        "level": if finding.is_review() { "note" } else { level(finding.severity) },
        "message": {"text": message(finding)},
        "locations": [{"physicalLocation": {
            "artifactLocation": artifact(&finding.path),
            "region": {
                "startLine": finding.line,
                "startColumn": finding.column,
                "endLine": finding.end_line,
                "endColumn": finding.end_column,
            },
        }}],
        "partialFingerprints": fingerprints(&finding.fingerprint),
        "properties": {
            "severity": finding.severity,
            "confidence": finding.confidence,
            "review": finding.is_review(),
            "service": finding.service,
            "impact": finding.impact,
            "fix": finding.fix_with_diff(),
        },
    });
    if let Some(object) = result.as_object_mut() {
        if let Some(index) = rules()
            .iter()
            .position(|rule| rule.metadata.id == finding.id)
        {
            object.insert("ruleIndex".to_owned(), index.into());
        }
        if !finding.related.is_empty() {
            let places: Vec<Value> = finding
                .related
                .iter()
                .map(|place| {
                    json!({"physicalLocation": {
                        "artifactLocation": artifact(&place.path),
                        "region": {"startLine": place.line},
                    }})
                })
                .collect();
            object.insert("relatedLocations".to_owned(), places.into());
        }
        if let Some(suppression) = suppression {
            object.insert(
                "suppressions".to_owned(),
                json!([{
                    "kind": if suppression.in_source { "inSource" } else { "external" },
                    "status": "accepted",
                    "justification": suppression.reason.as_str(),
                }]),
            );
        } else if !report.suppressed.is_empty() {
            // Beside results that have some, none at all would mean "not known".
            object.insert("suppressions".to_owned(), json!([]));
        }
        if let (Some(comparison), None) = (report.known(), suppression) {
            let state = if comparison.new.contains(&finding.fingerprint) {
                "new"
            } else {
                "unchanged"
            };
            object.insert("baselineState".to_owned(), state.into());
        }
    }
    result
}

/// The text that code scanning shows at the line.
fn message(finding: &Finding) -> String {
    let review = if finding.is_review() {
        "To review: "
    } else {
        ""
    };
    format!(
        "{review}{}. {}\nFix: {}",
        finding.title, finding.evidence, finding.fix
    )
}

fn absent(entry: &BaselineEntry) -> Value {
    json!({
        "ruleId": entry.id,
        "level": level(entry.severity),
        "message": {"text": entry.title},
        "locations": [{"physicalLocation": {"artifactLocation": artifact(&entry.path)}}],
        "partialFingerprints": fingerprints(&entry.fingerprint),
        "baselineState": "absent",
    })
}

/// GitHub writes an ordinal after the colon. The fingerprint of a finding is unique without one.
fn fingerprints(own: &str) -> Value {
    json!({FINGERPRINT: own, GITHUB_FINGERPRINT: format!("{own}:1")})
}

fn artifact(path: &str) -> Value {
    json!({
        "uri": utf8_percent_encode(path, PATH).to_string(),
        "uriBaseId": "%SRCROOT%",
    })
}

#[cfg(test)]
mod tests;
