//! The short form and its errors.

mod configuration;
mod time;

use std::fs;

use seaworthy_config::Profile;
use seaworthy_flags::{Context, Flag, FlagSet, Flags, FlagsConfig, Reason};
use serde_json::json;

/// 2026-12-25 10:00 UTC, a Friday.
const FRIDAY: i64 = 1_798_192_800;

fn load(files: &[(&str, &str)]) -> Result<FlagSet, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let config = FlagsConfig {
        directory: folder.path().into(),
        ..FlagsConfig::default()
    };
    FlagSet::load(&config, Profile::Production).map_err(|errors| {
        let prefix = format!("{}/", folder.path().display());
        errors
            .iter()
            .map(|error| error.to_string().replace(&prefix, ""))
            .collect()
    })
}

fn flags(yaml: &str) -> Flags {
    flags_at(yaml, || FRIDAY)
}

fn flags_at(yaml: &str, clock: fn() -> i64) -> Flags {
    let service = Context::new()
        .with("environment", "production")
        .with("version", "1.4.0");
    let flags = Flags::with_clock(service, clock);
    flags
        .replace(load(&[("features.yaml", yaml)]).unwrap())
        .unwrap();
    flags
}

fn is_on(flags: &Flags, key: &str, context: &Context) -> bool {
    flags
        .declare(Flag::boolean(key, false))
        .unwrap()
        .get_with(context)
}

fn user(key: &str) -> Context {
    Context::new().targeting_key(key)
}

#[test]
fn conditions_of_one_flag_must_all_hold_flag_1() {
    let flags = flags(
        "beta:\n  enabled: true\n  groups: [testers]\n  environments: [production]\n  \
         version: {min: \"1.2.0\", max: \"1.9.0\"}\n  attributes: {plan: [team, pro]}\n",
    );
    let tester = user("a").with("roles", json!(["testers"]));
    assert!(is_on(&flags, "beta", &tester.clone().with("plan", "pro")));
    assert!(!is_on(&flags, "beta", &tester.clone().with("plan", "free")));
    assert!(!is_on(&flags, "beta", &user("a").with("plan", "pro")));
    assert!(!is_on(
        &flags,
        "beta",
        &tester.with("plan", "pro").with("version", "2.0.0")
    ));
}

#[test]
fn excluded_user_stays_off_in_strategy_user_flag_1() {
    let flags = flags(
        "beta:\n  enabled: true\n  strategy: user\n  rules:\n    whitelist: [ann, bob]\n    \
         blacklist: [bob]\n    user_types: [internal]\n",
    );
    assert!(is_on(&flags, "beta", &user("ann")));
    assert!(!is_on(&flags, "beta", &user("bob")));
    assert!(is_on(
        &flags,
        "beta",
        &user("eve").with("roles", json!(["internal"]))
    ));
    assert!(!is_on(&flags, "beta", &user("eve")));
}

#[test]
fn disabled_flag_is_off_despite_its_rules_flag_1() {
    let flags = flags("beta:\n  enabled: false\n  users: [ann]\n");
    let toggle = flags.declare(Flag::boolean("beta", true)).unwrap();
    assert!(!toggle.get_with(&user("ann")));
}

#[test]
fn required_flag_that_is_off_turns_flag_off_flag_1() {
    let flags = flags(
        "base:\n  enabled: true\n  users: [ann]\nchild:\n  enabled: true\n  requires: [base]\n",
    );
    assert!(is_on(&flags, "child", &user("ann")));
    assert!(!is_on(&flags, "child", &user("bob")));
}

#[test]
fn required_percentage_selects_the_same_users_flag_1() {
    let flags = flags(
        "base:\n  enabled: true\n  percentage: 50\nchild:\n  enabled: true\n  requires: [base]\n",
    );
    let on = (0..1_000).filter(|number| {
        let user = user(&format!("user-{number}"));
        let base = is_on(&flags, "base", &user);
        assert_eq!(base, is_on(&flags, "child", &user));
        base
    });
    assert!((400..600).contains(&on.count()));
}

#[test]
fn percentage_without_targeting_key_is_off_flag_1() {
    let flags = flags("beta:\n  enabled: true\n  percentage: 99\n");
    let toggle = flags.declare(Flag::boolean("beta", true)).unwrap();
    let evaluation = toggle.evaluate();
    assert_eq!(
        (evaluation.value, evaluation.reason),
        (false, Reason::Default)
    );
}

#[test]
fn percentage_is_within_half_a_point_and_stable_flag_1() {
    let selected = |percentage: &str| -> Vec<bool> {
        let yaml = format!(
            "beta:\n  enabled: true\n  strategy: percentage\n  rules:\n    percentage: {percentage}\n"
        );
        let flags = flags(&yaml);
        let toggle = flags.declare(Flag::boolean("beta", false)).unwrap();
        (0..100_000)
            .map(|number| toggle.get_with(&user(&format!("user-{number}"))))
            .collect()
    };
    let first = selected("30");
    let on = first.iter().filter(|is_on| **is_on).count();
    assert!((29_500..=30_500).contains(&on), "{on} of 100000");
    // Another process, and the same number as a decimal fraction, select the same users.
    assert!(first == selected("30") && first == selected("30.0"));
}

#[test]
fn variants_have_weights_and_values_flag_1() {
    let flags = flags(
        "theme:\n  enabled: true\n  variants: {red: 50, blue: 50}\n  values: {red: \"#f00\"}\n  default: blue\n",
    );
    let theme = flags.declare(Flag::string("theme", "none")).unwrap();
    let values: std::collections::BTreeSet<_> = (0..100)
        .map(|number| theme.get_with(&user(&number.to_string())))
        .collect();
    assert_eq!(
        values
            .into_iter()
            .map(|value| value.to_string())
            .collect::<Vec<_>>(),
        ["#f00", "blue"]
    );
}

#[test]
fn profile_file_replaces_single_fields_flag_1() {
    let set = load(&[
        ("features.yaml", "beta:\n  enabled: true\n  users: [ann]\n"),
        ("features.production.yaml", "beta:\n  users: [bob]\n"),
        ("features.staging.yaml", "beta:\n  enabled: false\n"),
    ]);
    let flags = Flags::new(Context::new());
    flags.replace(set.unwrap()).unwrap();
    assert!(is_on(&flags, "beta", &user("bob")));
    assert!(!is_on(&flags, "beta", &user("ann")));
}

#[test]
fn capabilities_are_lists_of_names_flag_1() {
    let yaml = "report.basic:\n  enabled: true\n  apis: [\"GET /reports/{id}\"]\n  capabilities:\n    permissions: [\"report:read\"]\n";
    assert!(is_on(&flags(yaml), "report.basic", &Context::new()));
    let wrong = yaml
        .replace("[\"report:read\"]", "7")
        .replace("apis: [", "apis: [[], ");
    let errors = load(&[("features.yaml", &wrong)]).unwrap_err();
    assert_eq!(errors.len(), 2, "{errors:?}");
}

#[test]
fn ten_errors_are_reported_with_positions_conf_4() {
    let yaml = "\
one: maybe
Two: true
three:
  enabled: sometimes
four:
  percentage: 120
five:
  users: 7
six:
  from: tomorrow
seven:
  version: {min: 1}
eight:
  requires: [nine]
  unknown: 1
ten:
  groups: [[]]
eleven:
  any: []
";
    let errors = load(&[("features.yaml", yaml)]).unwrap_err();
    let positions: Vec<_> = errors
        .iter()
        .map(|error| error.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        positions,
        [
            "features.yaml:1:1",
            "features.yaml:2:1",
            "features.yaml:4:3",
            "features.yaml:6:3",
            "features.yaml:8:3",
            "features.yaml:10:3",
            "features.yaml:12:13",
            "features.yaml:14:3",
            "features.yaml:15:3",
            "features.yaml:17:3",
            "features.yaml:19:3",
        ],
        "{errors:#?}"
    );
}

#[test]
fn rules_that_select_no_caller_or_every_caller_are_errors_flag_1() {
    for rules in [
        "strategy: percentage",
        "strategy: percentage, rules: {}",
        "strategy: percentage, rules: {users: [ann]}",
        "strategy: time, rules: {timezone: UTC}",
        "strategy: environment",
        "strategy: environment, rules: {version_range: {}}",
        "strategy: composite, rules: {}",
        "strategy: composite, rules: {any: [{}]}",
        "strategy: user, rules: {attributes: {plan: {name: team}}}",
        "strategy: user, rules: {attributes: {plan: [[team]]}}",
        "attributes: {}",
        "targeting: some text",
        "from: 2026-12-25T10:00:00Z, until: 2026-12-25T10:00:00Z",
        "strategy: time, rules: {start_time: 2027-01-01T00:00:00Z, end_time: 2026-01-01T00:00:00Z}",
    ] {
        let yaml = format!("beta: {{enabled: true, {rules}}}\n");
        let errors = load(&[("features.yaml", &yaml)]).expect_err(rules);
        assert_eq!(errors.len(), 1, "{rules}: {errors:?}");
    }
    for rules in [
        "strategy: percentage, percentage: 30",
        "strategy: time, rules: {workdays_only: true}",
        "strategy: user, rules: {attributes: {level: 5, plan: [team, true]}}",
    ] {
        let yaml = format!("beta: {{enabled: true, {rules}}}\n");
        assert!(load(&[("features.yaml", &yaml)]).is_ok(), "{rules}");
    }
}

#[test]
fn rule_that_needs_too_much_memory_fails_flag_1() {
    // Each step doubles the text.
    let steps: Vec<u32> = (0..60).collect();
    let twice = json!({"cat": [{"var": "accumulator"}, {"var": "accumulator"}]});
    let grown = json!({"reduce": [steps, twice, "ab"]});
    let rule = json!({"!=": [grown, ""]});
    let flags = flags(&format!("beta: {{enabled: true, targeting: {rule}}}\n"));
    for _ in 0..2 {
        assert!(!is_on(&flags, "beta", &user("ann")));
    }
    let toggle = flags.declare(Flag::boolean("beta", false)).unwrap();
    let evaluation = toggle.evaluate_with(&user("ann"));
    assert_eq!(evaluation.reason, Reason::Error);
}

#[test]
fn rule_with_too_many_steps_is_rejected_flag_1() {
    let list: Vec<u32> = (0..100).collect();
    let repeat = |list: serde_json::Value, levels: u32| {
        let body = json!({"var": ""});
        (0..levels).fold(body, |body, _| json!({"map": [list, body]}))
    };
    for (list, levels) in [(json!(list), 3), (json!({"var": "groups"}), 2)] {
        let load = |levels| {
            let rule = json!({"!!": [repeat(list.clone(), levels)]});
            let yaml = format!("beta: {{enabled: true, targeting: {rule}}}\n");
            load(&[("features.yaml", &yaml)])
        };
        let errors = load(levels).unwrap_err();
        assert!(errors[0].contains("repeats its operations"), "{errors:?}");
        assert!(load(levels - 1).is_ok(), "{list}");
    }
}

#[test]
fn upper_layer_replaces_single_fields_flag_1() {
    let base = "features:\n  a: {enabled: false, users: [ann, bob]}\n  b: {enabled: true}\n";
    let oem = "features:\n  a: {enabled: true, users: [ann]}\n";
    let external = "features:\n  c: true\n";
    let set = load(&[
        ("features-base.yaml", base),
        ("features-oem.yaml", oem),
        ("features-external.yaml", external),
    ]);
    let flags = Flags::new(Context::new());
    flags.replace(set.unwrap()).unwrap();
    assert!(is_on(&flags, "a", &user("ann")) && !is_on(&flags, "a", &user("bob")));
    assert!(is_on(&flags, "b", &user("bob")) && is_on(&flags, "c", &user("bob")));
    let wrong = load(&[
        ("features-base.yaml", base),
        ("features-oem.yaml", "features:\n  a:\n    users: 7\n"),
    ]);
    assert!(wrong.unwrap_err()[0].starts_with("features-oem.yaml:3:5"));
}

#[test]
fn flags_that_require_each_other_are_rejected_flag_1() {
    let yaml = "a:\n  enabled: true\n  requires: [b]\nb:\n  enabled: true\n  requires: [a]\n";
    let errors = load(&[("features.yaml", yaml)]).unwrap_err();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("require each other"), "{errors:?}");
}

#[test]
fn flagd_file_adds_flags_and_reports_positions_flag_1() {
    let json = "{\n  \"flags\": {\n    \"new\": {\"state\": \"ENABLED\", \"variants\": {\"on\": true},\n      \
                \"defaultVariant\": \"off\"}\n  }\n}\n";
    let errors = load(&[("features.json", json)]).unwrap_err();
    assert_eq!(
        errors,
        ["features.json:4:7: flags/new/defaultVariant: \"off\" is not one of the variants"]
    );
    let fixed = json.replace("off", "on");
    let set = load(&[("features.json", &fixed), ("features.yaml", "old: true\n")]).unwrap();
    assert_eq!(set.iter().count(), 2);
}

#[test]
fn exported_set_evaluates_equally_flag_1() {
    use seaworthy_flags::{Bucketing, Compiler, Strictness};
    let flags = flags("beta:\n  enabled: true\n  percentage: 30\n  environments: [production]\n");
    let exported = flags.set().to_flagd().clone();
    let again = Flags::with_clock(Context::new().with("environment", "production"), || FRIDAY);
    again
        .replace(
            Compiler::new(Bucketing::V3)
                .compile(exported, Strictness::Strict)
                .unwrap(),
        )
        .unwrap();
    for number in 0..1_000 {
        let user = user(&number.to_string());
        assert_eq!(is_on(&flags, "beta", &user), is_on(&again, "beta", &user));
    }
}
