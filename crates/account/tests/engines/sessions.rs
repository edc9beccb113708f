use std::{collections::BTreeSet, num::NonZeroU32, time::Duration};

use futures::future::join_all;
use seaworthy_account::{
    Origin, RefreshError, SecretToken, SessionConfig, Sessions, TokenVersions, VersionCursor,
};
use seaworthy_core::{Delay, Timeout};
use seaworthy_data::{DataError, Database, sql};

use crate::test_database::TestDatabase;

const USER: &str = "user-7";

fn sessions(test: &TestDatabase, config: SessionConfig) -> Sessions {
    Sessions::new(test.database.clone(), config)
}

/// Returns sessions without a grace period.
fn strict(test: &TestDatabase) -> Sessions {
    let config = SessionConfig {
        rotation_grace_period: Delay::ZERO,
        ..SessionConfig::default()
    };
    sessions(test, config)
}

async fn begin(sessions: &Sessions, test: &TestDatabase) -> SecretToken {
    let begun = sessions.begin(&test.database, USER, Origin::default());
    begun.await.unwrap().token
}

async fn revoke(sessions: &Sessions, test: &TestDatabase, token: &SecretToken) -> Option<String> {
    let user = test
        .database
        .transaction(|tx| async move { sessions.revoke(&tx, token).await });
    user.await.unwrap()
}

pub(crate) async fn reused_refresh_token_ends_its_session_auth_3(test: TestDatabase) {
    let sessions = strict(&test);
    let first = begin(&sessions, &test).await;
    let other = begin(&sessions, &test).await;
    let second = sessions.refresh(&first).await.unwrap();
    assert_eq!(second.user, USER);
    let third = sessions.refresh(&second.token).await.unwrap();

    // The token before the previous one is detected too.
    test.ticks().await;
    let reused = sessions.refresh(&first).await;
    assert!(
        matches!(&reused, Err(RefreshError::Reused { user }) if user == USER),
        "{reused:?}"
    );
    let revoked = sessions.refresh(&third.token).await;
    assert!(matches!(revoked, Err(RefreshError::Unknown)), "{revoked:?}");
    // The session of another device continues.
    sessions.refresh(&other).await.unwrap();

    let rows: Vec<(Vec<u8>,)> = sql("SELECT token_hash FROM account_sessions")
        .fetch_all(&test.database)
        .await
        .unwrap();
    for (hash,) in rows {
        assert!(SecretToken::parse(&String::from_utf8_lossy(&hash)).is_none());
    }
}

pub(crate) async fn concurrent_refreshes_keep_the_session_auth_3(test: TestDatabase) {
    let sessions = sessions(&test, SessionConfig::default());
    let mut token = begin(&sessions, &test).await;
    for _ in 0..5 {
        let answers = join_all((0..4).map(|_| sessions.refresh(&token))).await;
        let mut gone_on = None;
        for answer in answers {
            match answer {
                Ok(refreshed) => assert!(gone_on.replace(refreshed.token).is_none()),
                Err(error) => assert!(matches!(error, RefreshError::AlreadyRotated), "{error:?}"),
            }
        }
        token = gone_on.unwrap();
    }
    assert_eq!(sessions.user(&token).await.unwrap().as_deref(), Some(USER));
}

pub(crate) async fn session_expires_after_its_timeouts_auth_3(test: TestDatabase) {
    let short = Timeout::try_from(Duration::from_micros(1)).unwrap();
    let idle = SessionConfig {
        idle_timeout: short.into(),
        ..SessionConfig::default()
    };
    let old = SessionConfig {
        absolute_timeout: short.into(),
        ..SessionConfig::default()
    };
    for config in [idle, old] {
        let sessions = sessions(&test, config);
        let token = begin(&sessions, &test).await;
        test.ticks().await;
        let answer = sessions.refresh(&token).await;
        assert!(matches!(answer, Err(RefreshError::Unknown)), "{answer:?}");
        assert!(sessions.for_user(USER).await.unwrap().is_empty());
        assert!(!sessions.has_any(&test.database, USER).await.unwrap());
        assert_eq!(revoke(&sessions, &test, &token).await, None, "no logout");
    }
}

pub(crate) async fn logout_with_a_rotated_token_ends_the_session_auth_3(test: TestDatabase) {
    let sessions = sessions(&test, SessionConfig::default());
    let (own, other) = (begin(&sessions, &test).await, begin(&sessions, &test).await);
    let stolen = sessions.refresh(&own).await.unwrap().token;
    assert_eq!(revoke(&sessions, &test, &own).await.as_deref(), Some(USER));
    assert_eq!(sessions.user(&stolen).await.unwrap(), None);
    assert!(sessions.user(&other).await.unwrap().is_some());
}

pub(crate) async fn logout_ban_and_limit_revoke_sessions_auth_3(test: TestDatabase) {
    let config = SessionConfig {
        max_per_user: 2.try_into().unwrap(),
        ..SessionConfig::default()
    };
    let sessions = sessions(&test, config);
    let (first, second) = (begin(&sessions, &test).await, begin(&sessions, &test).await);
    let third = begin(&sessions, &test).await;
    assert_eq!(sessions.user(&first).await.unwrap(), None, "it made room");

    assert_eq!(
        revoke(&sessions, &test, &second).await.as_deref(),
        Some(USER)
    );
    assert_eq!(revoke(&sessions, &test, &second).await, None, "it is over");
    assert_eq!(sessions.user(&second).await.unwrap(), None);
    let listed = sessions.for_user(USER).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(
        !sessions
            .revoke_one("another user", &listed[0].id)
            .await
            .unwrap()
    );
    assert!(sessions.revoke_one(USER, &listed[0].id).await.unwrap());
    assert_eq!(sessions.user(&third).await.unwrap(), None);

    begin(&sessions, &test).await;
    let ended = sessions.revoke_all(&test.database, USER).await.unwrap();
    assert_eq!(ended, 1);
}

pub(crate) async fn revoke_access_returns_revoked_sessions_auth_3(test: TestDatabase) {
    let config = SessionConfig {
        max_per_user: NonZeroU32::new(2).unwrap(),
        ..SessionConfig::default()
    };
    let sessions = sessions(&test, config);
    let begun = async || {
        test.ticks().await;
        let begun = sessions.begin(&test.database, USER, Origin::default());
        begun.await.unwrap().id
    };
    let first = begun().await;
    let second = begun().await;
    let surplus = sessions.revoke_surplus(&test.database, USER).await.unwrap();
    assert_eq!(surplus, [first]);
    let third = begun().await;
    let end = || {
        let sessions = &sessions;
        test.database
            .transaction(move |tx| async move { sessions.revoke_access(&tx, USER).await })
    };
    let ended: BTreeSet<_> = end().await.unwrap().sessions.into_iter().collect();
    assert_eq!(ended, [third, second].into());
    let version = async || TokenVersions::current(&test.database, USER).await.unwrap();
    assert_eq!(version().await, 1);
    // API keys and known devices end even if the user has no session.
    assert_eq!(end().await.unwrap().sessions, [""; 0]);
    assert_eq!(version().await, 2);
}

pub(crate) async fn revoke_access_returns_more_sessions_than_a_page_auth_3(test: TestDatabase) {
    let config = SessionConfig {
        max_per_user: NonZeroU32::MAX,
        ..SessionConfig::default()
    };
    let sessions = &sessions(&test, config);
    let (begun, ended) = test
        .database
        .transaction(|tx| async move {
            let mut begun = BTreeSet::new();
            for _ in 0..1_001 {
                begun.insert(
                    sessions
                        .begin(&tx, USER, Origin::default())
                        .await
                        .unwrap()
                        .id,
                );
            }
            Ok::<_, DataError>((begun, sessions.revoke_access(&tx, USER).await?.sessions))
        })
        .await
        .unwrap();
    assert_eq!(ended.len(), 1_001);
    assert_eq!(ended.into_iter().collect::<BTreeSet<_>>(), begun);
}

pub(crate) async fn token_of_the_client_is_never_adopted_auth_3(test: TestDatabase) {
    let sessions = sessions(&test, SessionConfig::default());
    let planted = SecretToken::generate().unwrap();
    assert!(matches!(
        sessions.refresh(&planted).await,
        Err(RefreshError::Unknown)
    ));
    let token = begin(&sessions, &test).await;
    assert_ne!(token.expose(), planted.expose());
    assert_eq!(sessions.user(&planted).await.unwrap(), None);
}

pub(crate) async fn ended_access_ends_checks_in_progress_auth_3(test: TestDatabase) {
    let sessions = sessions(&test, SessionConfig::default());
    let token = begin(&sessions, &test).await;
    let checked = TokenVersions::current(&test.database, USER).await.unwrap();
    let is_current = async |version| {
        let current = test
            .database
            .transaction(|tx| async move { TokenVersions::is_current(&tx, USER, version).await });
        current.await.unwrap()
    };
    assert!(is_current(checked).await);
    assert!(sessions.has_any(&test.database, USER).await.unwrap());
    let ended = test.database.transaction(|tx| {
        let sessions = &sessions;
        async move { sessions.revoke_access(&tx, USER).await }
    });
    let ended = ended.await.unwrap();
    assert_eq!((ended.sessions.len(), ended.version), (1, checked + 1));
    assert_eq!(sessions.user(&token).await.unwrap(), None);
    assert!(!is_current(checked).await);
    assert!(is_current(ended.version).await);
}

/// Reads all pages of versions that were raised within this number of seconds.
async fn changed_within(database: &Database, seconds: u64) -> Vec<(String, u64)> {
    let time = Duration::from_secs(seconds);
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = TokenVersions::changed_within(database, time, after.as_ref());
        let page = page.await.unwrap();
        assert!(page.versions.len() <= 1_000, "the page is too long");
        all.extend(page.versions);
        let Some(next) = page.next else { return all };
        // A client stores the cursor as text.
        let kept: VersionCursor = next.to_string().parse().unwrap();
        assert_eq!(kept, next);
        after = Some(kept);
    }
}

pub(crate) async fn concurrent_raises_count_one_by_one_auth_3(test: TestDatabase) {
    let database = &test.database;
    assert_eq!(TokenVersions::current(database, USER).await.unwrap(), 0);
    let raised = join_all((0..8).map(|_| TokenVersions::increment(database, USER))).await;
    assert!(raised.iter().all(Result::is_ok), "{raised:?}");
    assert_eq!(TokenVersions::current(database, USER).await.unwrap(), 8);
    assert_eq!(TokenVersions::current(database, "other").await.unwrap(), 0);
    assert_eq!(changed_within(database, 60).await, [(USER.to_owned(), 8)]);
    assert_eq!(changed_within(database, 0).await, []);
}

pub(crate) async fn pages_contain_every_raised_version_once_auth_3(test: TestDatabase) {
    let database = &test.database;
    TokenVersions::increment(database, "u").await.unwrap();
    // Each turn doubles the users and gives them the same time: more than the rows of a statement.
    for turn in 0..14_u32 {
        sql("INSERT INTO account_versions (user_id, version, changed_us) SELECT user_id || ?, version + 1, {now_us} FROM account_versions")
            .on_mysql("INSERT INTO account_versions (user_id, version, changed_us) SELECT CONCAT(user_id, ?), version + 1, {now_us} FROM account_versions")
            .bind(format!("-{turn}"))
            .execute(database)
            .await
            .unwrap();
    }
    let all_users = 1 << 14;
    assert!(all_users > database.config().max_rows.get());
    let raised = changed_within(database, 3_600).await;
    assert_eq!(raised.len(), all_users as usize);
    let users: BTreeSet<_> = raised.iter().map(|(user, _)| user.as_str()).collect();
    assert_eq!(users.len(), raised.len(), "a user is on two pages");
    for (user, version) in &raised {
        assert_eq!(*version, 1 + user.matches('-').count() as u64, "{user}");
    }
}
