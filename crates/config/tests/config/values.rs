//! How the texts of variables and arguments become values (CONF-1).

use proptest::prelude::*;
use seaworthy_config::{Environment, Loader, Schema};

use crate::settings::{Framework, Hello, directory, loader, schema};

fn variables(variables: &[(String, String)]) -> Loader {
    let variables = variables.iter().cloned();
    Loader::new("hello").environment(variables.collect())
}

fn one(name: &str, value: &str) -> Loader {
    variables(&[(name.to_owned(), value.to_owned())])
}

#[test]
fn whole_value_placeholders_take_the_type_of_the_setting_conf_1() {
    let text = "server:\n  http:\n    connections: ${CONNECTIONS}\n    origins: ${ORIGINS}\ngreeting: ${NUMBER}\nfarewell: \"${EMPTY}\"\n";
    let directory = directory(&[("config.yaml", text)]);
    let environment = Environment::from([
        ("CONNECTIONS", "12"),
        ("ORIGINS", "a, b"),
        ("NUMBER", "1.10"),
        ("EMPTY", ""),
    ]);
    let loaded = loader(&directory)
        .environment(environment)
        .load(&schema())
        .unwrap();
    let http = loaded.get::<Framework>().unwrap().server.http;
    let hello = loaded.get::<Hello>().unwrap();
    assert_eq!(http.connections, 12);
    assert_eq!(http.origins, ["a", "b"]);
    assert_eq!(hello.greeting, "1.10");
    assert_eq!(hello.farewell, None);
}

#[test]
fn value_of_a_variable_never_becomes_yaml_conf_1() {
    let directory = directory(&[("config.yaml", "greeting: ${VALUE}\nfarewell: a ${VALUE}\n")]);
    for value in [
        "{ a: b }",
        "[a]",
        "a: b",
        "x\ncolour: red",
        "&a *a",
        "# no comment",
        "${HOME}",
    ] {
        let environment = Environment::from([("VALUE", value)]);
        let loaded = loader(&directory)
            .environment(environment)
            .load(&schema())
            .unwrap();
        let hello = loaded.get::<Hello>().unwrap();
        assert_eq!(hello.greeting, value);
        assert_eq!(hello.farewell.unwrap(), format!("a {value}"));
    }
}

#[test]
fn missing_variable_is_accepted_if_overridden_conf_1() {
    let directory = directory(&[("config.yaml", "greeting: ${MISSING}\n")]);
    assert!(loader(&directory).load(&schema()).is_err());
    let loaded = loader(&directory)
        .overrides(["greeting=Hi"])
        .load(&schema())
        .unwrap();
    assert_eq!(loaded.get::<Hello>().unwrap().greeting, "Hi");
}

#[test]
fn parses_lists_with_commas_and_in_flow_style_conf_1() {
    for (text, expected) in [
        ("", vec![]),
        ("a", vec!["a"]),
        ("a, b", vec!["a", "b"]),
        ("[a, \"b,c\"]", vec!["a", "b,c"]),
        ("[\"1\", 2]", vec!["1", "2"]),
    ] {
        let loaded = one("HELLO__SERVER__HTTP__ORIGINS", text)
            .load(&schema())
            .unwrap();
        assert_eq!(
            loaded.get::<Framework>().unwrap().server.http.origins,
            expected,
            "{text}"
        );
    }
}

#[test]
fn items_of_lists_have_no_variable_conf_1() {
    let error = one("HELLO__SERVER__HTTP__ORIGINS__0", "a")
        .load(&schema())
        .unwrap_err();
    assert!(
        error.to_string().contains("a variable sets a whole list"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn texts_are_unchanged_conf_1(text in "[^\0]{1,40}") {
        let loaded = one("HELLO__GREETING", &text).load(&schema()).unwrap();
        prop_assert_eq!(loaded.get::<Hello>().unwrap().greeting, text);
    }

    #[test]
    fn numbers_are_exact_or_rejected_conf_1(number: i64) {
        let loaded = one("HELLO__SERVER__HTTP__CONNECTIONS", &number.to_string()).load(&schema());
        match loaded {
            Ok(loaded) => prop_assert_eq!(i64::from(loaded.get::<Framework>().unwrap().server.http.connections), number),
            Err(_) => prop_assert!(!(1..=100_000).contains(&number)),
        }
    }

    #[test]
    fn accepts_every_variable_and_argument_conf_1(name in "[A-Z_]{0,30}", key in ".{0,30}", value in ".{0,60}") {
        let _ = one(&format!("HELLO__{name}"), &value).load(&schema());
        let _ = Loader::new("hello").environment(Environment::default()).overrides([format!("{key}={value}"), key]).load(&schema());
    }

    #[test]
    fn accepts_every_file_conf_1(text in "[a-z:${}\\[\\]&*!|>'\"#, \n-]{0,120}") {
        let directory = directory(&[("config.yaml", &text)]);
        let _ = loader(&directory).load(&schema());
    }
}

#[test]
fn accepts_settings_types_without_fields_conf_1() {
    #[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Nothing {}

    let with_nothing = crate::settings::schema().with::<Nothing>();
    Loader::new("hello")
        .environment(Environment::default())
        .load(&with_nothing)
        .unwrap();
    let unknown = Loader::new("hello")
        .environment(Environment::default())
        .overrides(["nothing=1"])
        .load(&with_nothing);
    assert!(unknown.is_err());
}

#[test]
fn rejects_maps_as_settings_types_conf_1() {
    let map = Schema::from_settings::<std::collections::BTreeMap<String, u32>>();
    let loaded = Loader::new("hello")
        .environment(Environment::default())
        .load(&map);
    assert!(loaded.unwrap_err().to_string().contains("named fields"));
}

#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Patterns {
    /// A text.
    #[schemars(regex(pattern = "^[a-z]+$"))]
    name: Option<String>,
    /// A setting whose pattern is not a regular expression.
    #[schemars(regex(pattern = "("))]
    other: Option<String>,
}

#[test]
fn compiles_patterns_at_their_first_use_conf_1() {
    let errors = |text: &str| {
        let directory = directory(&[("config.yaml", text)]);
        let loaded = loader(&directory).load(&Schema::from_settings::<Patterns>());
        loaded.err().map(|errors| errors.to_string())
    };
    assert_eq!(errors("name: ada"), None);
    let error = errors("name: Ada").unwrap();
    assert!(
        error.contains("name: must match the pattern `^[a-z]+$`"),
        "{error}"
    );
    let error = errors("other: ada").unwrap();
    assert!(
        error.contains("other: regex parse error") && !error.contains("ada"),
        "{error}"
    );
}
