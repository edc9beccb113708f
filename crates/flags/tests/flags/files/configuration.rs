//! Files of the kind `FeatureConfiguration`.

use seaworthy_flags::{Context, Flags};

use super::{flags, is_on, load, user};

const CONFIGURATION: &str = "\
apiVersion: v1
kind: FeatureConfiguration
metadata: {name: shop, version: 1.0.0, labels: {team: web}}
spec:
  defaults: {enabled: true, strategy: simple, ttl: 24h}
  validation: {requireOwnership: true, allowedEnvironments: [staging], maxFeatures: 10}
  policies: {autoCleanup: {enabled: true, interval: 24h, unusedFor: 720h}}
  features:
    checkout:
      metadata: {owner: payments, priority: high, environments: [staging]}
      capabilities: {auditLogs: [login], apis: [GET /orders]}
    checkout.new:
      strategy: user
      rules: {whitelist: [ann]}
      metadata: {owner: payments}
      dependencies: [checkout]
      deprecation: {deprecated: true, removalDate: 2999-01-01, replacement: checkout}
";

#[test]
fn feature_configuration_is_a_flag_file_flag_1() {
    let flags = flags(CONFIGURATION);
    assert!(is_on(&flags, "checkout", &user("bob")));
    assert!(is_on(&flags, "checkout.new", &user("ann")));
    assert!(!is_on(&flags, "checkout.new", &user("bob")));
    let set = flags.set();
    let metadata = set.get("checkout.new").unwrap().metadata();
    assert_eq!(
        (&metadata["owner"], &metadata["deprecated"]),
        (&"payments".into(), &true.into())
    );
}

#[test]
fn profile_file_changes_feature_configuration_flag_1() {
    let staging = "checkout: {enabled: false}\n";
    let set = load(&[
        ("features.yaml", CONFIGURATION),
        ("features.production.yaml", staging),
    ]);
    let flags = Flags::new(Context::new());
    flags.replace(set.unwrap()).unwrap();
    assert!(
        !is_on(&flags, "checkout.new", &user("ann")),
        "it depends on checkout"
    );
}

#[test]
fn errors_of_feature_configuration_have_positions_conf_4() {
    let yaml = "\
apiVersion: v2
kind: FeatureConfiguration
metadata: {names: shop}
spec:
  defaults: {ttl: long}
  validation:
    requireOwnership: true
    featureNamePattern: ^shop
    allowedStrategies: [simple]
    allowedEnvironments: [staging]
    maxRulesPerFeature: 0
  features:
    shop.a:
      strategy: user
      rules: {whitelist: [ann]}
      metadata:
        owner: web
        environments: [moon]
    b:
      enabled: sometimes
      deprecation: {removalDate: 2020-01-01}
";
    let errors = load(&[("features.yaml", yaml)]).unwrap_err();
    let mut positions: Vec<_> = errors
        .iter()
        .map(|error| error.split(": ").next().unwrap())
        .collect();
    positions.sort_unstable();
    let expected = [
        "1:1", "3:12", "5:14", "14:7", "15:7", "18:9", "19:5", "19:5", "20:7", "21:21",
    ];
    let mut expected = expected.map(|position| format!("features.yaml:{position}"));
    expected.sort_unstable();
    assert_eq!(positions, expected, "{errors:#?}");
}
