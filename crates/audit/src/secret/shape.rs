//! Shapes that providers give their credentials.
//!
//! One search of a text finds the marks of all shapes. Only the shapes with a mark in the text are
//! matched.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::{Captures, Regex};

use super::detect::ascii;

struct Shape {
    kind: &'static str,
    /// Every credential of the kind contains one of these.
    marks: &'static [&'static str],
    /// The first group is the credential.
    expression: &'static str,
}

const SHAPES: &[Shape] = &[
    Shape {
        kind: "AWS access key",
        marks: &["AKIA", "ASIA", "ABIA", "ACCA"],
        expression: r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b",
    },
    Shape {
        kind: "GitHub token",
        marks: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        expression: r"\b(gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{82})\b",
    },
    Shape {
        kind: "GitLab token",
        marks: &["glpat-"],
        expression: r"\b(glpat-[A-Za-z0-9_\-]{20,})",
    },
    Shape {
        kind: "Slack token",
        marks: &[
            "xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-",
        ],
        expression: r"\b(xox[abeoprs]-[A-Za-z0-9\-]{10,250})\b",
    },
    Shape {
        kind: "Slack webhook",
        marks: &["hooks.slack.com"],
        expression: r"(https://hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,})",
    },
    Shape {
        kind: "Stripe live key",
        marks: &["sk_live_", "rk_live_"],
        expression: r"\b((?:sk|rk)_live_[A-Za-z0-9]{16,})\b",
    },
    Shape {
        kind: "Google API key",
        marks: &["AIza"],
        expression: r"\b(AIza[A-Za-z0-9_\-]{35})\b",
    },
    Shape {
        kind: "SendGrid key",
        marks: &["SG."],
        expression: r"\b(SG\.[A-Za-z0-9_\-]{22}\.[A-Za-z0-9_\-]{43})",
    },
    Shape {
        kind: "OpenAI key",
        marks: &["T3BlbkFJ"],
        expression: r"\b(sk-(?:proj-|svcacct-)?[A-Za-z0-9_\-]{20,}T3BlbkFJ[A-Za-z0-9_\-]{20,})",
    },
    Shape {
        kind: "Anthropic key",
        marks: &["sk-ant-"],
        expression: r"\b(sk-ant-[a-z0-9]+-[A-Za-z0-9_\-]{80,})",
    },
    Shape {
        kind: "npm token",
        marks: &["npm_"],
        expression: r"\b(npm_[A-Za-z0-9]{36})\b",
    },
    Shape {
        kind: "PyPI token",
        marks: &["pypi-AgEI"],
        expression: r"\b(pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_\-]{50,})",
    },
    Shape {
        kind: "Telegram bot token",
        marks: &[":AA"],
        expression: r"\b([0-9]{8,10}:AA[A-Za-z0-9_\-]{33})\b",
    },
    Shape {
        kind: "DigitalOcean token",
        marks: &["dop_v1_", "doo_v1_", "dor_v1_"],
        expression: r"\b(do[opr]_v1_[a-f0-9]{64})\b",
    },
    Shape {
        kind: "Vault token",
        marks: &["hvs.", "hvb."],
        expression: r"\b(hv[sb]\.[A-Za-z0-9_\-]{24,})",
    },
    Shape {
        kind: "Twilio key",
        marks: &["SK"],
        expression: r"\b(SK[0-9a-f]{32})\b",
    },
    Shape {
        kind: "private key",
        marks: &["PRIVATE KEY"],
        expression: r"(-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\]{60,})",
    },
];

struct Compiled {
    kind: &'static str,
    expression: Regex,
}

struct Search {
    marks: AhoCorasick,
    /// The shape of each mark.
    owners: Vec<usize>,
    shapes: Vec<Compiled>,
}

static SEARCH: LazyLock<Option<Search>> = LazyLock::new(|| {
    let shapes: Vec<Compiled> = SHAPES
        .iter()
        .map(|shape| {
            Regex::new(&ascii(shape.expression)).map(|expression| Compiled {
                kind: shape.kind,
                expression,
            })
        })
        .collect::<Result<_, _>>()
        .ok()?;
    let marks = SHAPES
        .iter()
        .enumerate()
        .flat_map(|(at, shape)| shape.marks.iter().map(move |mark| (at, *mark)));
    let (owners, texts): (Vec<usize>, Vec<&str>) = marks.unzip();
    Some(Search {
        marks: AhoCorasick::new(texts).ok()?,
        owners,
        shapes,
    })
});

/// Calls `found` with the kind and the match of each credential of a known shape.
pub(super) fn find(text: &str, mut found: impl FnMut(&'static str, &Captures<'_>)) {
    let Some(search) = SEARCH.as_ref() else {
        return;
    };
    let mut wanted = vec![false; search.shapes.len()];
    for mark in search.marks.find_overlapping_iter(text) {
        let owner = search.owners.get(mark.pattern().as_usize());
        if let Some(wanted) = owner.and_then(|owner| wanted.get_mut(*owner)) {
            *wanted = true;
        }
    }
    for (shape, _) in search
        .shapes
        .iter()
        .zip(wanted)
        .filter(|(_, wanted)| *wanted)
    {
        for captures in shape.expression.captures_iter(text) {
            found(shape.kind, &captures);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SEARCH, SHAPES, find};

    /// A letter or a digit at a time, so that no committed text looks like a credential.
    fn sample(kind: &str) -> String {
        let letters = |count: usize| {
            "aB3dE6gH"
                .repeat(count)
                .chars()
                .take(count)
                .collect::<String>()
        };
        let capitals = |count: usize| {
            "QWERTYUI"
                .repeat(count)
                .chars()
                .take(count)
                .collect::<String>()
        };
        let hexadecimal = |count: usize| {
            "0a1b2c3d"
                .repeat(count)
                .chars()
                .take(count)
                .collect::<String>()
        };
        match kind {
            "AWS access key" => format!("AKIA{}", capitals(16)),
            "GitHub token" => format!("ghp_{}", letters(36)),
            "GitLab token" => format!("glpat-{}", letters(20)),
            "Slack token" => format!("xoxb-{}", letters(20)),
            "Slack webhook" => format!(
                "https://hooks.slack.com/services/T{}/B{}/{}",
                capitals(8),
                capitals(8),
                letters(24)
            ),
            "Stripe live key" => format!("sk_live_{}", letters(24)),
            "Google API key" => format!("AIza{}", letters(35)),
            "SendGrid key" => format!("SG.{}.{}", letters(22), letters(43)),
            "OpenAI key" => format!("sk-{}T3BlbkFJ{}", letters(20), letters(20)),
            "Anthropic key" => format!("sk-ant-api03-{}", letters(90)),
            "npm token" => format!("npm_{}", letters(36)),
            "PyPI token" => format!("pypi-AgEIcHlwaS5vcmc{}", letters(50)),
            "Telegram bot token" => format!("{}:AA{}", "987650321", letters(33)),
            "DigitalOcean token" => format!("dop_v1_{}", hexadecimal(64)),
            "Vault token" => format!("hvs.{}", letters(24)),
            "Twilio key" => format!("SK{}", hexadecimal(32)),
            "private key" => format!("-----BEGIN {} KEY-----\n{}", "PRIVATE", letters(64)),
            other => panic!("no sample of a {other}"),
        }
    }

    #[test]
    fn a_credential_of_each_shape_is_found_sec_7() {
        assert!(SEARCH.is_some());
        for shape in SHAPES {
            let text = format!("let key = '{}';\n", sample(shape.kind));
            let mut kinds = Vec::new();
            find(&text, |kind, _| kinds.push(kind));
            assert!(kinds.contains(&shape.kind), "{}: {kinds:?}", shape.kind);
        }
    }
}
