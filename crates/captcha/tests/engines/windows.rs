//! The counts of codes while windows end and rows are deleted (AUTH-2).

use std::num::NonZeroU32;

use seaworthy_captcha::{Binding, CaptchaConfig, CaptchaError};
use seaworthy_data::{Database, sql};
use seaworthy_testkit::eventually;
use tokio::{join, sync::Notify};

use crate::{
    messages::{issue_from, limited},
    test_database::{Outcome, TestDatabase},
};

const IP: &str = "192.0.2.7";
const OTHER_IP: &str = "192.0.2.8";
const OWN: Binding<'_> = Binding::Sms("+33612345678");
const OTHER: Binding<'_> = Binding::Sms("+33698765432");

/// One code for each limit.
fn one_code() -> CaptchaConfig {
    CaptchaConfig {
        max_per_target: NonZeroU32::MIN,
        ..limited(1, 1)
    }
}

async fn now(database: &Database) -> i64 {
    let (now,) = sql("SELECT {now_us}").fetch_one(database).await.unwrap();
    now
}

pub(crate) async fn released_code_leaves_later_codes_auth_2(test: TestDatabase) {
    let captchas = test.with(one_code());
    let release = test.provider.hold();
    let next_window = async {
        test.provider.is_waiting.notified().await;
        // The window of the first code ends, and its rows are deleted.
        for delete in [
            sql("DELETE FROM captcha_sent_codes"),
            sql("DELETE FROM captcha_targets"),
        ] {
            delete.execute(&test.database).await.unwrap();
        }
        let begun = now(&test.database).await;
        eventually(async || now(&test.database).await > begun).await;
        issue_from(&captchas, IP, OWN).await.unwrap();
        test.provider.set(Outcome::Rejected);
        release.send(()).unwrap();
    };
    let (first, ()) = join!(issue_from(&captchas, IP, OWN), next_window);
    assert!(matches!(first, Err(CaptchaError::NotSent(_))), "{first:?}");
    // The code of the next window counts for every limit.
    test.provider.set(Outcome::Sent);
    let refused = issue_from(&captchas, IP, OTHER).await.unwrap_err();
    let is_of_ip = matches!(refused, CaptchaError::TooManyCodesOfIp { .. });
    assert!(is_of_ip, "{refused}");
    let refused = issue_from(&captchas, OTHER_IP, OWN).await.unwrap_err();
    let is_of_target = matches!(refused, CaptchaError::TooManyCodes { .. });
    assert!(is_of_target, "{refused}");
    let refused = issue_from(&captchas, OTHER_IP, OTHER).await.unwrap_err();
    let is_in_total = matches!(refused, CaptchaError::TooManyCodesInTotal { .. });
    assert!(is_in_total, "{refused}");
}

pub(crate) async fn database_error_does_not_count_auth_2(test: TestDatabase) {
    let captchas = test.with(one_code());
    let hide = sql("ALTER TABLE captchas RENAME TO captchas_hidden");
    hide.execute(&test.database).await.unwrap();
    for _ in 0..3 {
        let failed = issue_from(&captchas, IP, OWN).await;
        assert!(
            matches!(failed, Err(CaptchaError::Database(_))),
            "{failed:?}"
        );
    }
    let show = sql("ALTER TABLE captchas_hidden RENAME TO captchas");
    show.execute(&test.database).await.unwrap();
    assert!(test.provider.sent.lock().is_empty());
    issue_from(&captchas, IP, OWN).await.unwrap();
}

pub(crate) async fn code_counts_while_expired_rows_are_deleted_auth_2(test: TestDatabase) {
    let captchas = test.with(limited(1, 1));
    issue_from(&captchas, IP, OWN).await.unwrap();
    sql("UPDATE captcha_sent_codes SET counts = NULL, until_us = 1")
        .execute(&test.database)
        .await
        .unwrap();
    let is_locked = Notify::new();
    let purge = async {
        let tx = test.database.begin().await?;
        let _locked: Vec<(i64,)> =
            sql("SELECT until_us FROM captcha_sent_codes WHERE until_us = 1 FOR UPDATE")
                .on_sqlite("SELECT until_us FROM captcha_sent_codes WHERE until_us = 1")
                .fetch_all(&tx)
                .await?;
        is_locked.notify_one();
        // On SQLite, a writer waits for the whole database.
        if test.empty.server().is_some() {
            eventually(async || test.empty.blocked_statements("captcha_sent_codes") > 0).await;
        }
        sql("DELETE FROM captcha_sent_codes WHERE until_us = 1")
            .execute(&tx)
            .await?;
        tx.commit().await
    };
    let issue = async {
        is_locked.notified().await;
        issue_from(&captchas, IP, OWN).await
    };
    let (purged, issued) = join!(purge, issue);
    purged.unwrap();
    issued.unwrap();
    let refused = issue_from(&captchas, IP, OTHER).await;
    assert!(matches!(
        refused,
        Err(CaptchaError::TooManyCodesOfIp { .. })
    ));
}
