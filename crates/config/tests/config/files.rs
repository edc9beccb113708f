//! Files of the configuration: which are read, and errors in them (CONF-1, CONF-2).

use std::fs;

use seaworthy_config::{Environment, Loader, Profile};

use crate::settings::{Framework, Hello, directory, load_errors, loader, schema};

#[test]
fn loads_defaults_without_files_conf_1() {
    let loader = Loader::new("hello").environment(Environment::default());
    let loaded = loader.load(&schema()).unwrap();
    assert_eq!(loaded.profile(), Profile::Development);
    assert_eq!(loaded.get::<Hello>().unwrap().greeting, "Hello");
    assert!(loaded.files().is_empty());
}

#[test]
fn loader_without_files_reads_only_variables_conf_1() {
    let directory = directory(&[("config.yaml", "greeting: file")]);
    let loader = loader(&directory).without_files();
    let greeting = |loader: &Loader| {
        let loaded = loader.load(&schema()).unwrap();
        assert!(loaded.files().is_empty());
        loaded.get::<Hello>().unwrap().greeting
    };
    assert_eq!(greeting(&loader), "Hello");
    let environment = Environment::from([("HELLO__GREETING", "variable")]);
    assert_eq!(greeting(&loader.environment(environment)), "variable");
}

#[test]
fn configured_path_must_exist_conf_1() {
    let directory = directory(&[]);
    let error = load_errors(&directory, &loader(&directory));
    assert!(
        error.contains("neither config.yaml nor config.development.yaml"),
        "{error}"
    );
    let missing = loader(&directory).directory(directory.path().join("missing"));
    let error = load_errors(&directory, &missing);
    assert!(
        error.contains("missing: the configuration directory does not exist"),
        "{error}"
    );
    let missing = loader(&directory).file(directory.path().join("hello.yaml"));
    let error = load_errors(&directory, &missing);
    assert!(
        error.contains("hello.yaml: the configuration file does not exist"),
        "{error}"
    );
}

#[test]
fn files_of_profiles_are_next_to_the_base_file_conf_2() {
    let directory = directory(&[
        ("hello.yaml", "greeting: a"),
        ("hello.staging.yaml", "greeting: b"),
    ]);
    let loader = loader(&directory)
        .file(directory.path().join("hello.yaml"))
        .profile(Profile::Staging);
    assert_eq!(
        loader
            .load(&schema())
            .unwrap()
            .get::<Hello>()
            .unwrap()
            .greeting,
        "b"
    );
}

#[test]
fn production_never_reads_files_of_development_conf_2() {
    let files = [
        ("config.yaml", "greeting: base"),
        ("config.development.yaml", "greeting: development"),
        ("config.production.yaml", "log: { level: warn }"),
    ];
    let directory = directory(&files);
    let loaded = loader(&directory)
        .profile(Profile::Production)
        .load(&schema())
        .unwrap();
    assert_eq!(loaded.get::<Hello>().unwrap().greeting, "base");
    assert_eq!(loaded.files().len(), 2);

    fs::remove_file(directory.path().join("config.production.yaml")).unwrap();
    let error = load_errors(&directory, &loader(&directory).profile(Profile::Production));
    assert!(
        error.contains(
            "the file of the profile production does not exist, but config.development.yaml does"
        ),
        "{error}"
    );

    let (from, to) = ("config.development.yaml", "config.production.yaml");
    std::os::unix::fs::symlink(directory.path().join(from), directory.path().join(to)).unwrap();
    let error = load_errors(&directory, &loader(&directory).profile(Profile::Production));
    assert!(
        error.contains("link to the file of the profile development"),
        "{error}"
    );
}

#[test]
fn rejects_unknown_profile_with_suggestion_conf_2() {
    let error = "prodution".parse::<Profile>().unwrap_err().to_string();
    assert!(error.contains("did you mean \"production\"?"), "{error}");
    let directory = directory(&[("config.yaml", "")]);
    let variable =
        |name| loader(&directory).environment(Environment::from([("HELLO__PROFILE", name)]));
    let error = load_errors(&directory, &variable("Dev"));
    assert!(
        error.contains("env HELLO__PROFILE: unknown profile \"Dev\""),
        "{error}"
    );
    let loaded = variable("staging").load(&schema()).unwrap();
    assert_eq!(loaded.profile(), Profile::Staging);
}

#[test]
fn rejects_invalid_and_hostile_files_with_position_conf_1() {
    let bomb = (0..20).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        format!(
            "{text}a{0}: &a{0} [*a{level}, *a{level}, *a{level}]\n",
            level + 1
        )
    });
    let deep_flow = format!("limits: {}", "[".repeat(5_000));
    let deep_block = (0..200)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect::<String>();
    let chain = (0..40).fold("c0: &c0 [[[[x]]]]\n".to_owned(), |text, level| {
        format!("{text}c{0}: &c{0} [[[[*c{level}]]]]\n", level + 1)
    });
    let huge = format!("greeting: {}", "x".repeat(2 << 20));
    for (text, problem) in [
        (
            "greeting: a\nlog:\n  level: info\ngreeting: b\n",
            "config.yaml:4:1: greeting: duplicate key, first at config.yaml:1:1",
        ),
        ("greeting: [a", "not valid YAML"),
        ("greeting: 'a\n", "not valid YAML"),
        (
            "greeting: a\n---\ngreeting: b\n",
            "config.yaml:2:1: a configuration file must have one YAML document",
        ),
        ("? [a]\n: b\n", "a key must be a scalar"),
        ("greeting: !!binary aGk=\n", "tags (`!`) are not supported"),
        ("greeting: *unknown\n", "not valid YAML"),
        ("limits: &l { a: *l }\n", "the alias refers to itself"),
        ("<<: { greeting: a }\n", "unknown key"),
        (
            "- a\n",
            "config.yaml:1:1: the file must be a mapping of keys to values",
        ),
        (
            "just text\n",
            "config.yaml:1:1: the file must be a mapping of keys to values",
        ),
        (&bomb, "more than 20000 values, including aliases"),
        (&chain, "nested deeper than 32 levels"),
        (&deep_flow, "config.yaml:1:"),
        (&deep_block, "nested deeper than 32 levels"),
        (&huge, "config.yaml: is larger than 1024 KiB"),
    ] {
        let directory = directory(&[("config.yaml", text)]);
        let error = load_errors(&directory, &loader(&directory));
        assert!(error.contains(problem), "{problem}: {error}");
    }
}

#[test]
fn short_names_of_profiles_name_their_files_conf_2() {
    let directory = directory(&[("config.prod.yaml", "greeting: a")]);
    let production = loader(&directory).profile(Profile::Production);
    let loaded = production.load(&schema()).unwrap();
    assert_eq!(loaded.get::<Hello>().unwrap().greeting, "a");
    fs::write(directory.path().join("config.production.yaml"), "").unwrap();
    let error = load_errors(&directory, &production);
    let problem =
        "config.prod.yaml: config.production.yaml has the same profile: remove one of them";
    assert!(error.contains(problem), "{error}");
    fs::remove_file(directory.path().join("config.production.yaml")).unwrap();
    fs::write(directory.path().join("config.prod.yml"), "").unwrap();
    let error = load_errors(&directory, &production);
    assert!(error.contains("rename it to config.prod.yaml"), "{error}");
}

#[test]
fn rejects_binary_and_misnamed_files_conf_1() {
    let directory = directory(&[("config.yml", "greeting: a"), ("config.yaml", "")]);
    let error = load_errors(&directory, &loader(&directory));
    assert!(
        error.contains(
            "config.yml: files with this extension are not read: rename it to config.yaml"
        ),
        "{error}"
    );
    fs::remove_file(directory.path().join("config.yml")).unwrap();
    fs::write(directory.path().join("config.yaml"), b"greeting: \xff").unwrap();
    let error = load_errors(&directory, &loader(&directory));
    assert!(
        error.contains("config.yaml: is not UTF-8 (byte 10)"),
        "{error}"
    );
    fs::remove_file(directory.path().join("config.yaml")).unwrap();
    fs::create_dir(directory.path().join("config.yaml")).unwrap();
    let error = load_errors(&directory, &loader(&directory));
    assert!(
        error.contains("config.yaml: is not a regular file"),
        "{error}"
    );
}

#[test]
fn empty_section_keeps_lower_layers_conf_1() {
    let directory = directory(&[("config.yaml", "server:\n  # http:\nlog: ~\n")]);
    let loaded = loader(&directory).load(&schema()).unwrap();
    assert_eq!(
        loaded.get::<Framework>().unwrap().server.http.connections,
        10_000
    );
}
