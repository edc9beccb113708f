use std::fs;

use rustix::process::Signal;
use seaworthy_testkit::database::EmptyDatabase;

use crate::{
    app::{PASSWORD, Replica, tokens},
    features::wait,
};

const FIRST: &str = "Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e";
const SECOND: &str = "Qw8e5Rt2Yu7iOp4As1Df6Gh9Jk3Lz0Xc";

pub(crate) fn rotated_jwt_secret_signs_and_previous_one_verifies_conf_5(database: &EmptyDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwt");
    fs::write(&file, FIRST).unwrap();
    let rotated = format!("auth.jwt_secret_key=file:{}", file.display());
    let replica = Replica::start_with(database, &[&rotated]);
    // These replicas know one value each.
    let [knows_first, knows_second] = [FIRST, SECOND].map(|secret| {
        let setting = format!("auth.jwt_secret_key={secret}");
        Replica::start_with(database, &[&setting])
    });
    let accepts = |replica: &Replica, token: &str| {
        let profile = replica.call("GET", "/api/v1/auth/profile", token, "");
        profile.status == 200
    };
    let (old, _) = replica.user("ada");
    assert!(accepts(&knows_first, &old) && !accepts(&knows_second, &old));
    fs::write(&file, SECOND).unwrap();
    replica.signal(Signal::HUP).unwrap();
    let login = || tokens(&replica.login("ada", PASSWORD)).0;
    wait(|| accepts(&knows_second, &login()));
    let new = login();
    assert!(!accepts(&knows_first, &new));
    assert!(accepts(&replica, &new) && accepts(&replica, &old));
}
