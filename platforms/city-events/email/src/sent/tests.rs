use seaworthy::data::{DatabaseConfig, Migrator};
use seaworthy_testkit::database::EmptyDatabase;

use super::*;

#[test]
fn what_is_about_the_same_is_one_mail_msg_5() {
    let one = About::link("verify", "https://a.example/verify?token=abc");
    assert_eq!(one, About::link("verify", "https://b.example/?token=abc"));
    assert_ne!(
        one,
        About::link("reset", "https://a.example/verify?token=abc")
    );
    assert_ne!(About::news("a", "bc", "d"), About::news("ab", "c", "d"));
    assert_eq!(one.message_id().len(), 32);
}

/// Returns a database of each installed engine, with the tables of the service.
async fn on_each(test: impl AsyncFn(Sent)) {
    for make in [
        EmptyDatabase::sqlite,
        EmptyDatabase::postgres,
        EmptyDatabase::mariadb,
    ] {
        let Some(empty) = make() else {
            continue;
        };
        let config = DatabaseConfig::at(empty.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let migrator = Migrator::new(&database, MIGRATIONS);
        migrator.up(false).await.unwrap();
        test(Sent(database)).await;
    }
}

fn about() -> About {
    About::news("event_canceled", "event", "user")
}

async fn claim(sent: &Sent) -> MailClaim {
    match sent.claim(&about()).await.unwrap() {
        Claim::Mine(claim) => claim,
        other => panic!("{other:?}"),
    }
}

/// Expires the claim by the database's clock, as if the sender were suspended.
async fn expire_claim(sent: &Sent) {
    sql("UPDATE sent_mails SET until_us = {now_us} - 1")
        .execute(&sent.0)
        .await
        .unwrap();
}

#[tokio::test]
async fn suspended_sender_notices_its_lost_claim_msg_5() {
    on_each(async |sent| {
        let suspended = claim(&sent).await;
        expire_claim(&sent).await;
        let other = claim(&sent).await;
        let recorded = Sent::record(&sent.0, &suspended).await.unwrap();
        assert_eq!(recorded, Recorded::ClaimLost);
        // The mail was sent, so the failure of the other sender does not free it.
        sent.release(other).await.unwrap();
        assert_eq!(sent.claim(&about()).await.unwrap(), Claim::Sent);
    })
    .await;
}

#[tokio::test]
async fn release_of_lost_claim_keeps_that_of_the_other_msg_5() {
    on_each(async |sent| {
        let suspended = claim(&sent).await;
        expire_claim(&sent).await;
        let other = claim(&sent).await;
        sent.release(suspended).await.unwrap();
        let third = sent.claim(&about()).await.unwrap();
        assert!(matches!(third, Claim::Others(_)), "{third:?}");
        let recorded = Sent::record(&sent.0, &other).await.unwrap();
        assert_eq!(recorded, Recorded::Held);
        assert!(sent.has(&about()).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn mail_is_claimed_once_by_two_senders_msg_5() {
    on_each(async |sent| {
        let first = claim(&sent).await;
        let second = sent.claim(&about()).await.unwrap();
        let Claim::Others(left) = second else {
            panic!("{second:?}");
        };
        assert!(left <= CLAIM_TTL && left > CLAIM_TTL / 2, "{left:?}");
        sent.release(first).await.unwrap();
        let _again = claim(&sent).await;
    })
    .await;
}
