use clap::{CommandFactory as _, Parser as _};

use super::*;

#[test]
fn the_command_line_is_well_formed() {
    Arguments::command().debug_assert();
}

#[test]
fn serve_is_the_default_command() {
    assert!(
        Arguments::try_parse_from(["orders"])
            .unwrap()
            .command
            .is_none()
    );
    assert!(matches!(
        Arguments::try_parse_from(["orders", "serve"])
            .unwrap()
            .command,
        Some(Command::Serve)
    ));
}

#[test]
fn an_unknown_profile_and_a_malformed_setting_are_errors_conf_1() {
    let error = Arguments::try_parse_from(["orders", "serve", "--profile", "prodution"])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("prodution") && error.contains("production"),
        "{error}"
    );
    assert!(Arguments::try_parse_from(["orders", "--set", "server.http.addr"]).is_err());
}

#[test]
fn settings_are_taken_before_and_after_the_subcommand_conf_1() {
    let arguments = Arguments::try_parse_from(["orders", "--set", "a=1", "serve"]).unwrap();
    assert_eq!(arguments.settings.set, [("a".to_owned(), "1".to_owned())]);
    let arguments =
        Arguments::try_parse_from(["orders", "serve", "--set", "a=b=c", "--profile", "test"])
            .unwrap();
    assert_eq!(arguments.settings.set, [("a".to_owned(), "b=c".to_owned())]);
    assert!(arguments.settings.profile.is_some());
}

#[test]
fn legacy_conf_flag_names_the_config_path_conf_1() {
    for given in [
        &["orders", "-conf", "a.yaml"][..],
        &["orders", "-conf=a.yaml"],
        &["orders", "--conf", "a.yaml"],
        &["orders", "--conf=a.yaml"],
        &["orders", "--config=a.yaml"],
    ] {
        let given = given.iter().map(std::ffi::OsString::from);
        let arguments = Arguments::try_parse_from(given.map(arguments::regular_name)).unwrap();
        assert_eq!(arguments.settings.config.unwrap().to_str(), Some("a.yaml"));
    }
}
