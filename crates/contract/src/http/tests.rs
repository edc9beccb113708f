use proptest::prelude::*;

use super::template::{Capture, PathTemplate, Segment, Variable};

const BOOK: PathTemplate = PathTemplate {
    text: "/v1/{name=shelves/*/books/*}:read",
    segments: &[
        Segment::Literal("v1"),
        Segment::Literal("shelves"),
        Segment::One,
        Segment::Literal("books"),
        Segment::One,
    ],
    variables: &[Variable {
        field: "name",
        start: 1,
        count: 4,
    }],
    verb: Some("read"),
};

const FILE: PathTemplate = PathTemplate {
    text: "/files/{path=**}",
    segments: &[Segment::Literal("files"), Segment::Rest],
    variables: &[Variable {
        field: "path",
        start: 1,
        count: 1,
    }],
    verb: None,
};

const ITEM: PathTemplate = PathTemplate {
    text: "/items/{id}",
    segments: &[Segment::Literal("items"), Segment::One],
    variables: &[Variable {
        field: "id",
        start: 1,
        count: 1,
    }],
    verb: None,
};

fn text(template: &PathTemplate, path: &str) -> Option<String> {
    template
        .capture(path)
        .and_then(|captures| captures.into_iter().next())
        .and_then(|capture| capture.text.ok())
}

#[test]
fn path_segments_set_fields_api_1() {
    assert_eq!(
        text(&BOOK, "/v1/shelves/a%20b/books/c%2Fd:read").as_deref(),
        Some("shelves/a b/books/c%2Fd")
    );
    assert_eq!(text(&FILE, "/files/a/b").as_deref(), Some("a/b"));
    assert_eq!(text(&FILE, "/files").as_deref(), Some(""));
    assert_eq!(text(&ITEM, "/items/a%2Fb").as_deref(), Some("a/b"));
    assert_eq!(text(&ITEM, "/items/a:b").as_deref(), Some("a:b"));
}

#[test]
fn other_paths_do_not_match_api_1() {
    for path in [
        "/v1/shelves/a/books/b",
        "/v1/shelves//books/b:read",
        "/v1/shelves/a/books/b/c:read",
        "/v1/shelves/a/book/b:read",
        "",
        "/",
    ] {
        assert_eq!(BOOK.capture(path), None, "{path}");
    }
    assert_eq!(ITEM.capture("/items/"), None);
}

#[test]
fn distinguishes_bytes_from_text_api_1() {
    assert_eq!(
        ITEM.capture("/items/%ff"),
        Some(vec![Capture {
            field: "id",
            text: Err("is not UTF-8")
        }])
    );
}

#[test]
fn decodes_paths_full_of_escaped_slashes_in_one_pass_api_1() {
    // A quadratic algorithm needs minutes for this input.
    let path = format!("/files/{}", "%2F".repeat(1 << 20));
    let captures = FILE.capture(&path).unwrap();
    assert_eq!(captures[0].text, Err("is longer than 8192 characters"));
    let most = "%2f".repeat(2_730);
    assert_eq!(
        text(&FILE, &format!("/files/{most}")),
        Some(most.to_uppercase())
    );
}

/// Segments of few letters, so that paths often match templates.
fn segments() -> impl Strategy<Value = Vec<Segment>> {
    let one = prop_oneof![
        Just(Segment::Literal("a")),
        Just(Segment::Literal("b")),
        Just(Segment::One),
    ];
    (prop::collection::vec(one, 1..4), any::<bool>()).prop_map(|(mut segments, open)| {
        if open {
            segments.push(Segment::Rest);
        }
        segments
    })
}

/// The same template as a regular expression, as an independent implementation.
fn expression(segments: &[Segment], verb: Option<&str>) -> regex::Regex {
    let mut text = String::from("^");
    for segment in segments {
        text.push_str(match segment {
            Segment::Literal("a") => "/a",
            Segment::Literal(_) => "/b",
            Segment::One => "/[^/]+",
            Segment::Rest => "(/.*)?",
        });
    }
    if let Some(verb) = verb {
        text.push(':');
        text.push_str(verb);
    }
    regex::Regex::new(&format!("{text}$")).unwrap()
}

proptest! {
    #[test]
    fn template_matches_like_its_regular_expression_api_1(
        segments in segments(),
        verb in prop::option::of(Just("v")),
        path in "(/[abc]?){0,5}(:v)?",
    ) {
        let template = PathTemplate {
            text: "",
            segments: segments.clone().leak(),
            variables: &[],
            verb,
        };
        let expected = expression(&segments, verb).is_match(&path);
        prop_assert_eq!(template.capture(&path).is_some(), expected, "{} against {:?}", path, template);
    }

    #[test]
    fn never_panics_on_any_path_api_1(path in "[/a-z%0-9F:*]{0,40}|.{0,40}") {
        for template in [&BOOK, &FILE, &ITEM] {
            let _ = template.capture(&path);
        }
    }

    #[test]
    fn only_escaped_slashes_stay_escaped_api_1(path in "(%2F|%2f|%41|%25|%2|é|a|2F){0,20}") {
        let parts: Vec<Option<String>> = path
            .replace("%2f", "%2F")
            .split("%2F")
            .map(|part| percent_encoding::percent_decode_str(part).decode_utf8().ok().map(Into::into))
            .collect();
        let expected = parts.into_iter().collect::<Option<Vec<String>>>().map(|parts| parts.join("%2F"));
        prop_assert_eq!(text(&FILE, &format!("/files/{path}")), expected);
    }

    #[test]
    fn reads_back_text_written_into_path_api_1(id in ".{1,20}") {
        let written = percent_encoding::utf8_percent_encode(&id, percent_encoding::NON_ALPHANUMERIC);
        assert_eq!(text(&ITEM, &format!("/items/{written}")), Some(id.clone()));
    }
}
