use super::markdown;
use crate::report::sample;

#[test]
fn document_has_all_chapters_in_order() {
    let text = markdown(&sample::report(true)).unwrap();
    let chapters: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    assert_eq!(
        chapters,
        [
            "Executive summary",
            "Changes since the earlier report",
            "Scorecard",
            "Top risks",
            "Remediation plan",
            "Services",
            "Findings",
            "To review",
            "Readiness checklist",
            "What was verified",
            "What could not be verified",
            "Suppressed",
            "Comparison with the baseline",
            "How this report was made",
        ]
    );
    for horizon in [
        "Before production",
        "Within a week",
        "Within a month",
        "Verify, then decide",
    ] {
        assert!(text.contains(&format!("### {horizon}")), "{horizon}");
    }
}

#[test]
fn the_document_of_the_sample_reads_as_written_down() {
    insta::assert_snapshot!(markdown(&sample::report(false)).unwrap());
}

#[test]
fn text_of_a_hostile_repository_is_escaped() {
    let text = markdown(&sample::report(false)).unwrap();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let outside = outside_of_code(line);
            assert!(
                !outside.contains("<img") && !outside.contains("](javascript"),
                "{line}"
            );
        }
    }
    assert!(!fenced);
}

/// A line without its code spans, which begin and end with equally many backticks.
fn outside_of_code(line: &str) -> String {
    let mut outside = String::new();
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        let fence = "`".repeat(ticks);
        let inside = &rest[ticks..];
        let end = inside.match_indices(&fence).find(|(at, _)| {
            ticks > 0 && !inside[at + ticks..].starts_with('`') && !inside[..*at].ends_with('`')
        });
        match end {
            Some((at, _)) => rest = &inside[at + ticks..],
            // An escaped letter begins no code.
            None if letter == '\\' => rest = rest.get(2..).unwrap_or_default(),
            None => {
                outside.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    outside
}

#[test]
fn a_report_without_code_quotes_no_line_of_the_repository() {
    let text = markdown(&sample::report(false).without_code()).unwrap();
    assert!(!text.contains("5432:5432\"") && text.contains("docker-compose.yml"));
}
