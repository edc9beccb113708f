use seaworthy_captcha::{Binding, CaptchaError};
use seaworthy_core::{Code, Error};

use crate::test_database::TestDatabase;

pub(crate) async fn code_counts_only_for_its_kind_and_address_auth_2(test: TestDatabase) {
    let captchas = test.replica();
    let own = Binding::Email("ada@example.org");
    let issued = captchas.issue(&own).await.unwrap();
    let code = test.last_code();
    for other in [
        Binding::Email("eve@example.org"),
        Binding::Sms("ada@example.org"),
        Binding::Image,
    ] {
        let answer = captchas.take(&issued.id, &code, &[other]).await;
        assert!(matches!(answer, Err(CaptchaError::Invalid)), "{answer:?}");
    }
    let allowed = [Binding::Image, own];
    captchas.take(&issued.id, &code, &allowed).await.unwrap();
    assert_eq!(test.provider.sent.lock()[0].0, "ada@example.org");
}

pub(crate) async fn failing_provider_is_unavailable_without_its_text_auth_2(test: TestDatabase) {
    *test.provider.fails.lock() = true;
    let error = test.replica().issue(&Binding::Sms("+33612345678")).await;
    let error = Error::from(error.unwrap_err());
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(error.reason(), "CAPTCHA_GENERATION_FAILED");
    assert!(!error.message().contains("10.0.0.7"), "{error}");
}
