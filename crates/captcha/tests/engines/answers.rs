use std::time::Duration;

use futures::future::join_all;
use seaworthy_captcha::{Binding, CaptchaConfig, CaptchaError};
use seaworthy_core::{Switch, Timeout};
use seaworthy_data::sql;
use seaworthy_testkit::eventually;

use crate::test_database::TestDatabase;

const PHONE: Binding<'_> = Binding::Sms("+33612345678");

/// Issues a captcha on one replica and returns its ID and code.
async fn issue(test: &TestDatabase) -> (String, String) {
    let issued = test.replica().issue(&PHONE).await.unwrap();
    (issued.id, test.last_code())
}

/// Returns a wrong code.
fn wrong(code: &str) -> String {
    code.chars()
        .map(|digit| if digit == '9' { '0' } else { '9' })
        .collect()
}

pub(crate) async fn right_answer_is_valid_once_in_any_case_auth_2(test: TestDatabase) {
    let (id, code) = issue(&test).await;
    let other_replica = test.replica();
    let padded = format!(" {code} ");
    other_replica.consume(&id, &padded, &[PHONE]).await.unwrap();
    let again = test.replica().consume(&id, &code, &[PHONE]).await;
    assert!(matches!(again, Err(CaptchaError::Invalid)), "{again:?}");
    let unknown = other_replica.consume_any("unknown", &code).await;
    assert!(matches!(unknown, Err(CaptchaError::Invalid)), "{unknown:?}");
}

pub(crate) async fn switched_off_captcha_accepts_every_answer_flag_2(test: TestDatabase) {
    let switch = Switch::new();
    let captchas = test.replica().with_switch(switch.clone());
    switch.set(false);
    captchas.consume("unknown", "", &[PHONE]).await.unwrap();
    captchas.consume_any("unknown", "").await.unwrap();
    switch.set(true);
    let refused = captchas.consume("unknown", "", &[PHONE]).await;
    assert!(matches!(refused, Err(CaptchaError::Invalid)), "{refused:?}");
}

pub(crate) async fn concurrent_right_answers_succeed_once_auth_2(test: TestDatabase) {
    let (id, code) = issue(&test).await;
    let (first, second) = (test.replica(), test.replica());
    let replicas = [&first, &second, &first, &second];
    let answers = join_all(replicas.map(|replica| replica.consume_any(&id, &code))).await;
    let right = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(right, 1, "{answers:?}");
}

pub(crate) async fn captcha_is_invalid_after_five_wrong_answers_auth_2(test: TestDatabase) {
    let (id, code) = issue(&test).await;
    for _ in 0..5 {
        let answer = test.replica().consume_any(&id, &wrong(&code)).await;
        assert!(matches!(answer, Err(CaptchaError::Invalid)), "{answer:?}");
    }
    let late = test.replica().consume_any(&id, &code).await;
    assert!(matches!(late, Err(CaptchaError::Invalid)), "{late:?}");

    let (id, code) = issue(&test).await;
    for _ in 0..4 {
        let _wrong = test.replica().consume_any(&id, &wrong(&code)).await;
    }
    test.replica().consume_any(&id, &code).await.unwrap();
}

pub(crate) async fn concurrent_wrong_answers_count_like_sequential_ones_auth_2(test: TestDatabase) {
    let (id, code) = issue(&test).await;
    let replica = test.replica();
    let wrong = wrong(&code);
    let _wrong = join_all((0..8).map(|_| replica.consume_any(&id, &wrong))).await;
    let late = replica.consume_any(&id, &code).await;
    assert!(matches!(late, Err(CaptchaError::Invalid)), "{late:?}");
}

pub(crate) async fn expired_captcha_is_rejected_auth_2(test: TestDatabase) {
    let config = CaptchaConfig {
        ttl: Timeout::try_from(Duration::from_micros(1)).unwrap(),
        ..CaptchaConfig::default()
    };
    let captchas = test.with(config);
    let issued = captchas.issue(&PHONE).await.unwrap();
    let code = test.last_code();
    eventually(async || {
        let (left,): (i64,) = sql("SELECT until_us - {now_us} FROM captchas")
            .fetch_one(&test.database)
            .await
            .unwrap();
        left < 0
    })
    .await;
    let late = captchas.consume_any(&issued.id, &code).await;
    assert!(matches!(late, Err(CaptchaError::Expired)), "{late:?}");
}

pub(crate) async fn answer_leaves_captcha_until_it_is_consumed_auth_2(test: TestDatabase) {
    let (id, code) = issue(&test).await;
    let captchas = test.replica();
    let refused = captchas.answer(&id, &wrong(&code)).await;
    assert!(matches!(refused, Err(CaptchaError::Invalid)), "{refused:?}");
    let (first, second) = (
        captchas.answer(&id, &code).await.unwrap(),
        captchas.answer(&id, &code).await.unwrap(),
    );
    let other = captchas.answer(&id, &code).await.unwrap();
    let refused = other.consume(&[Binding::Image]).await;
    assert!(matches!(refused, Err(CaptchaError::Invalid)), "{refused:?}");
    first.consume(&[PHONE]).await.unwrap();
    let again = second.consume(&[PHONE]).await;
    assert!(matches!(again, Err(CaptchaError::Invalid)), "{again:?}");
}

pub(crate) async fn dump_reveals_no_code_and_no_address_sec_5(test: TestDatabase) {
    let (id, code) = issue(&test).await;
    let rows: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> =
        sql("SELECT id_hash, answer, binding FROM captchas")
            .fetch_all(&test.database)
            .await
            .unwrap();
    assert_eq!(rows.len(), 1);
    for (hash, answer, binding) in rows {
        for column in [hash, answer, binding] {
            assert_eq!(column.len(), 32);
            let text = String::from_utf8_lossy(&column).into_owned();
            assert!(!text.contains(&code) && !text.contains(&id), "{text}");
        }
    }
}
