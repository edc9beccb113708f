//! Commands that a service binary has of its own.

use rustix::process::Signal;
use seaworthy_testkit::process::{ProcessOutput, ServiceProcess, example};

fn run(arguments: &[&str]) -> ProcessOutput {
    let process = ServiceProcess::spawn(&example("trial"), arguments, &[]);
    process.unwrap().wait_with_output().unwrap()
}

#[test]
fn command_gets_settings_and_closes_its_resources_life_4() {
    let ended = run(&["tally", "--set", "number=3"]);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, ["counted to 3"]);
    assert!(
        ended.stderr.contains("the pool is closed"),
        "{}",
        ended.stderr
    );
}

#[test]
fn json_is_the_only_output_on_stdout() {
    for arguments in [
        ["--format", "json", "tally", "--set", "number=2"],
        ["tally", "--set", "number=2", "--format", "json"],
    ] {
        let ended = run(&arguments);
        let answer: Vec<u32> = serde_json::from_str(&ended.stdout.concat()).unwrap();
        assert_eq!(answer, [1, 2]);
        assert!(
            ended
                .stderr
                .contains("a line that a command prints beside its answer"),
            "{}",
            ended.stderr
        );
        assert!(
            !ended.stderr.contains("a line that no command prints"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn failed_command_prints_its_causes_life_1() {
    let ended = run(&["tally"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stdout.is_empty(), "{:?}", ended.stdout);
    assert!(
        ended
            .stderr
            .contains("error: nothing can be counted\n  caused by: the number is 0"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("the pool is closed"),
        "{}",
        ended.stderr
    );
}

#[test]
fn command_rejects_unsafe_settings_conf_3() {
    let ended = run(&["tally", "--set", "number=many"]);
    assert_eq!(ended.status.code(), Some(78), "{}", ended.stderr);
    let ended = run(&["tally", "--set", "number=2", "--profile", "production"]);
    assert_eq!(ended.status.code(), Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("CONF-3"), "{}", ended.stderr);
}

#[test]
fn unknown_command_or_argument_is_usage_error() {
    assert_eq!(run(&["talley"]).status.code(), Some(2));
    let ended = run(&["tally", "--forevr"]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("'--forever'"), "{}", ended.stderr);
    let ended = run(&["help", "tally"]);
    assert_eq!(ended.status.code(), Some(0));
    assert!(
        ended.stdout.concat().contains("Count to the number"),
        "{:?}",
        ended.stdout
    );
}

#[test]
fn a_signal_ends_a_command_in_order_life_4() {
    let arguments = [
        "tally",
        "--forever",
        "--set",
        "number=1",
        "--format",
        "json",
    ];
    let mut process = ServiceProcess::spawn(&example("trial"), &arguments, &[]).unwrap();
    process.error_line("counting without an end").unwrap();
    process.signal(Signal::TERM).unwrap();
    let ended = process.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(75), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("the pool is closed") && ended.stderr.contains("SIGTERM"),
        "{}",
        ended.stderr
    );
}
