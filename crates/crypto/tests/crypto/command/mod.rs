//! The command `encryption` of a service binary (SEC-5).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

pub(crate) mod rewrap;
pub(crate) mod test_database;
pub(crate) mod vault;

seaworthy_testkit::on_every_database! {
    crate::command::test_database::open, run_in_test;
    rewrap:
        command_rewraps_columns_of_every_key_type_sec_5,
        command_fails_on_plain_value_without_printing_it_sec_5;
    vault:
        commands_rotate_vault_key_and_rewrap_values_sec_5;
}

#[test]
fn rotate_command_fails_for_keyring_sec_5() {
    let key = test_database::new_key();
    let ended = test_database::trial(&["rotate"], &[("NEW", key.as_str())]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended.stderr.contains("encryption new-key"),
        "{}",
        ended.stderr
    );
}

#[test]
fn new_key_command_prints_only_a_new_key_sec_5() {
    let [one, other] = [(); 2].map(|()| test_database::new_key());
    assert_ne!(one, other);
    let ended = test_database::trial(&["new-key", "--format", "json"], &[]);
    let answer: serde_json::Value = serde_json::from_str(&ended.stdout.concat()).unwrap();
    assert_eq!(answer["key"].as_str().unwrap().len(), one.len());
}
