//! All errors at once, each with its origin (CONF-1).

use seaworthy_config::{ConfigError, Environment};

use crate::settings::{directory, load_errors, loader};

#[test]
fn reports_all_errors_with_origin_and_suggestion_conf_1() {
    let directory = directory(&[(
        "config.yaml",
        r#"
server:
  http:
    adr: 127.0.0.1:80
    addr: nowhere
    timeout: 5
    max_body: 2 elephants
    connections: 0
    origins: https://example.org
log:
  level: inof
  sampling: lots
greeting: ""
store:
  kind: rediss
limits:
  echo: { rate: 99999999999 }
farewell: ${FAREWELL}
api_key: [hunter2]
colour: red
"#,
    )]);
    let loader = loader(&directory)
        .environment(Environment::from([
            ("HELLO__SERVER__HTTP__CONNECTION", "7"),
            ("HELLO__LIMITS__ECHO", "hunter2"),
        ]))
        .overrides(["greting=Hi", "log.level"]);
    insta::assert_snapshot!(load_errors(&directory, &loader));
}

#[test]
fn reports_errors_of_rules_with_those_of_values_conf_1() {
    let directory = directory(&[(
        "config.yaml",
        "greeting: Hi\nserver: { http: { timeout: 5 } }\n",
    )]);
    let loader = loader(&directory).rule(|loaded| {
        let problem = |key: &str| {
            let origin = loaded.origin(key).unwrap();
            ConfigError::new(origin, key, "is never right")
        };
        vec![problem("greeting"), problem("server.http.timeout")]
    });
    let shown = load_errors(&directory, &loader);
    assert!(shown.contains("greeting: is never right"), "{shown}");
    // This value has an error already.
    assert_eq!(shown.matches("is never right").count(), 1, "{shown}");
    assert!(shown.contains("server.http.timeout"), "{shown}");
}

#[test]
fn rejects_two_variables_for_one_key_conf_1() {
    let directory = directory(&[]);
    let loader = loader(&directory).environment(Environment::from([
        ("HELLO__GREETING", "Ahoy"),
        ("HELLO__greeting", "Hi"),
    ]));
    let shown = load_errors(&directory, &loader);
    assert!(
        shown.contains("greeting") && shown.contains("sets the same key"),
        "{shown}"
    );
}

#[test]
fn rejects_undeclared_entries_with_suggestion_conf_1() {
    let directory = directory(&[(
        "config.yaml",
        "limits:\n  echo: { rate: 1 }\n  ecko: { rate: 2 }\n  other: { rate: 3 }\n",
    )]);
    let loaded = loader(&directory)
        .environment(Environment::from([("HELLO__LIMITS__GRET__RATE", "7")]))
        .load(&crate::settings::schema())
        .unwrap();
    let errors = loaded
        .check_entries("limits", ["echo", "greet"])
        .unwrap_err()
        .to_string()
        .replace(&format!("{}/", directory.path().display()), "");
    assert_eq!(
        errors,
        "the configuration has 3 errors:\
         \n  config.yaml:3:3: limits.ecko: unknown name: did you mean `echo`?\
         \n  config.yaml:4:3: limits.other: unknown name: the names here are echo, greet\
         \n  env HELLO__LIMITS__GRET__RATE: limits.gret: unknown name: did you mean `greet`?"
    );
    let declared = ["echo", "ecko", "other", "gret"];
    loaded.check_entries("limits", declared).unwrap();
    loaded.check_entries("farewell", []).unwrap();
}
