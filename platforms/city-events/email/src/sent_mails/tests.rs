use seaworthy::data::{DatabaseConfig, Migrator};
use seaworthy_testkit::{database::EmptyDatabase, eventually};

use super::*;

#[test]
fn same_link_or_notification_has_same_key_msg_5() {
    let one = MailKey::link("verify", "https://a.example/verify?token=abc");
    assert_eq!(one, MailKey::link("verify", "https://b.example/?token=abc"));
    assert_ne!(
        one,
        MailKey::link("reset", "https://a.example/verify?token=abc")
    );
    assert_ne!(
        MailKey::notification("a", "bc", "d"),
        MailKey::notification("ab", "c", "d")
    );
    assert_eq!(one.message_id().len(), 32);
}

/// Runs a test on a database of each installed engine, with the tables of the service.
async fn on_each_database(test: impl AsyncFn(SentMails)) {
    for make in [
        EmptyDatabase::sqlite,
        EmptyDatabase::postgres,
        EmptyDatabase::mariadb,
    ] {
        let Some(empty) = make() else {
            continue;
        };
        test(open(&empty).await).await;
    }
}

async fn open(empty: &EmptyDatabase) -> SentMails {
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let database = Database::builder("test", config).open().await.unwrap();
    let migrator = Migrator::new(&database, MIGRATIONS);
    migrator.up(false).await.unwrap();
    SentMails(database)
}

fn key() -> MailKey {
    MailKey::notification("event_canceled", "event", "user")
}

async fn claim(sent: &SentMails) -> MailClaim {
    match sent.claim(&key()).await.unwrap() {
        Claim::Acquired(claim) => claim,
        other => panic!("{other:?}"),
    }
}

/// Expires the claim by the database's clock, as if the sender were suspended.
async fn expire_claim(sent: &SentMails) {
    sql("UPDATE sent_mails SET until_us = {now_us} - 1")
        .execute(&sent.0)
        .await
        .unwrap();
}

#[tokio::test]
async fn suspended_sender_detects_lost_claim_msg_5() {
    on_each_database(async |sent| {
        let suspended = claim(&sent).await;
        expire_claim(&sent).await;
        let other = claim(&sent).await;
        let recorded = SentMails::record(&sent.0, &suspended).await.unwrap();
        assert_eq!(recorded, Recorded::ClaimLost);
        // The mail was sent, so the failure of the other sender does not free it.
        sent.release(other).await.unwrap();
        assert_eq!(sent.claim(&key()).await.unwrap(), Claim::Sent);
    })
    .await;
}

#[tokio::test]
async fn releasing_lost_claim_keeps_new_claim_msg_5() {
    on_each_database(async |sent| {
        let suspended = claim(&sent).await;
        expire_claim(&sent).await;
        let other = claim(&sent).await;
        sent.release(suspended).await.unwrap();
        let third = sent.claim(&key()).await.unwrap();
        assert!(matches!(third, Claim::Held(_)), "{third:?}");
        let recorded = SentMails::record(&sent.0, &other).await.unwrap();
        assert_eq!(recorded, Recorded::ClaimHeld);
        assert!(sent.is_sent(&key()).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn only_one_of_two_senders_claims_mail_msg_5() {
    on_each_database(async |sent| {
        let first = claim(&sent).await;
        let second = sent.claim(&key()).await.unwrap();
        let Claim::Held(left) = second else {
            panic!("{second:?}");
        };
        assert!(left <= CLAIM_TTL && left > CLAIM_TTL / 2, "{left:?}");
        sent.release(first).await.unwrap();
        let _again = claim(&sent).await;
    })
    .await;
}

#[tokio::test]
async fn purge_keeps_mail_claimed_meanwhile_msg_5() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let sent = open(&empty).await;
    let _first = claim(&sent).await;
    expire_claim(&sent).await;
    let tx = sent.0.begin().await.unwrap();
    sql("UPDATE sent_mails SET until_us = {now_us} + 60000000")
        .execute(&tx)
        .await
        .unwrap();
    let purge = tokio::spawn({
        let sent = sent.clone();
        async move { sent.purge().await }
    });
    eventually(async || empty.blocked_statements("DELETE") > 0).await;
    tx.commit().await.unwrap();
    purge.await.unwrap().unwrap();
    let second = sent.claim(&key()).await.unwrap();
    assert!(matches!(second, Claim::Held(_)), "{second:?}");
}
