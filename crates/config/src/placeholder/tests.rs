use proptest::prelude::*;

use super::*;

fn text(written: &str, variables: &[(&str, &str)]) -> Result<String, String> {
    let environment = variables.iter().copied().collect();
    let expansion = expand(written, &environment)?;
    Ok(expansion.map_or_else(|| written.to_owned(), |expansion| expansion.text))
}

#[test]
fn placeholders_take_the_variable_or_else_the_default_conf_1() {
    let variables = [("HOST", "db"), ("EMPTY", ""), ("NESTED", "${HOST}")];
    for (written, expected) in [
        ("${HOST}", "db"),
        ("a${HOST}b${HOST}", "adbbdb"),
        ("${MISSING:x:y}", "x:y"),
        ("${MISSING:}", ""),
        ("${HOST:x}", "db"),
        ("${EMPTY:x}", ""),
        ("$${HOST}", "${HOST}"),
        ("$$${HOST}", "$${HOST}"),
        ("$HOST $ {", "$HOST $ {"),
        ("${NESTED}", "${HOST}"),
    ] {
        assert_eq!(
            text(written, &variables).as_deref(),
            Ok(expected),
            "{written}"
        );
    }
}

#[test]
fn rejects_invalid_placeholders_conf_1() {
    for written in [
        "${",
        "${HOST",
        "${}",
        "${1A}",
        "${A B}",
        "${:x}",
        "${A:${B}}",
        "${A-B}",
        "${MISSING}",
    ] {
        assert!(text(written, &[]).is_err(), "{written}");
    }
}

proptest! {
    #[test]
    fn values_of_variables_are_copied_literally_conf_1(value in ".*", before in "[^$]*", after in "[^$]*") {
        let expanded = text(&format!("{before}${{VALUE}}{after}"), &[("VALUE", &value)]);
        prop_assert_eq!(expanded, Ok(format!("{before}{value}{after}")));
    }

    #[test]
    fn escaped_text_is_unchanged_conf_1(written in "[a-z${}:]{0,20}") {
        let escaped = written.replace("${", "$${");
        prop_assume!(!written.contains("$${"));
        prop_assert_eq!(text(&escaped, &[]), Ok(written));
    }

    #[test]
    fn parses_every_text_conf_1(written in "[A-Z${}: ]*", value in ".*") {
        let _ = text(&written, &[("A", &value)]);
    }
}
