//! The committed files of the platforms.

use seaworthy_deploy::{differences, render, write};

use crate::sample::{facts, overlay, platforms};

#[test]
fn committed_deployments_are_current_obs_9_ship_3() {
    for deploy in platforms() {
        let files = render(&facts(&deploy), &overlay(&deploy)).unwrap();
        if std::env::var_os("SEAWORTHY_UPDATE").is_some_and(|value| value == "1") {
            write(&deploy, &files).unwrap();
        }
        let different = differences(&deploy, &files).unwrap();
        assert!(
            different.is_empty(),
            "{} is out of date: run the test with SEAWORTHY_UPDATE=1 and commit the files: {different:?}",
            deploy.display()
        );
    }
}
