use super::{template::Variable, *};

fn parse(text: &str) -> Result<Template, String> {
    Template::parse(text)
}

#[test]
fn reads_every_form_of_the_grammar_api_1() {
    let template = parse("/v1/{name=shelves/*/books/**}:read").unwrap();
    assert_eq!(template.shape(), "/v1/shelves/*/books/**:read");
    assert_eq!(template.verb.as_deref(), Some("read"));
    assert_eq!(
        template.variables,
        [Variable {
            field: "name".to_owned(),
            start: 1,
            count: 4
        }]
    );
    assert_eq!(parse("/v1/*/{a.b_c}").unwrap().variables[0].start, 2);
    assert!(parse("/").unwrap().segments.is_empty());
}

#[test]
fn rejects_templates_outside_of_grammar_api_1() {
    for (text, problem) in [
        ("v1", "must begin with `/`"),
        ("/v1//x", "empty segment"),
        ("/v1/{a=**}/x", "last segment"),
        ("/v1/{a={b}}", "inside a variable"),
        ("/v1/{a", "closing brace"),
        ("/v1/{1a}", "not the path of a field"),
        ("/v1/{a}/{a}", "bound twice"),
        ("/v1/a b", "must be percent-encoded in a path"),
        ("/v1:a/b", "unexpected `/b`"),
        ("/v1/", "empty segment"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(problem), "{text}: {error}");
    }
}

proptest::proptest! {
    #[test]
    fn never_panics_on_any_text_api_1(text in "[/{}*:=a-z.]{0,24}|.{0,24}") {
        if let Ok(template) = parse(&text) {
            for variable in &template.variables {
                assert!(variable.start + variable.count <= template.segments.len());
            }
        }
    }
}
