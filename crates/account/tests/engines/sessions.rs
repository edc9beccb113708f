use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use seaworthy_account::{
    Origin, RaisedCursor, RefreshError, SecretToken, SessionConfig, Sessions, TokenVersions,
};
use seaworthy_core::Timeout;
use seaworthy_data::{Database, sql};

use crate::place::Place;

const USER: &str = "user-7";

fn sessions(place: &Place, config: SessionConfig) -> Sessions {
    Sessions::new(place.database.clone(), config)
}

/// Sessions in which a used token is a theft at once.
fn strict(place: &Place) -> Sessions {
    let config = SessionConfig {
        rotation_grace_period: Duration::from_micros(1).try_into().unwrap(),
        ..SessionConfig::default()
    };
    sessions(place, config)
}

async fn begin(sessions: &Sessions, place: &Place) -> SecretToken {
    let begun = sessions.begin(&place.database, USER, Origin::default());
    begun.await.unwrap().token
}

async fn end(sessions: &Sessions, place: &Place, token: &SecretToken) -> Option<String> {
    let ended = place
        .database
        .transaction(|tx| async move { sessions.end(&tx, token).await });
    ended.await.unwrap()
}

pub(crate) async fn a_refresh_token_is_good_once_and_its_theft_ends_the_session_auth_3(
    place: Place,
) {
    let sessions = strict(&place);
    let first = begin(&sessions, &place).await;
    let other = begin(&sessions, &place).await;
    let second = sessions.refresh(&first).await.unwrap();
    assert_eq!(second.user, USER);
    let third = sessions.refresh(&second.token).await.unwrap();

    // Also one that was exchanged long ago.
    place.ticks().await;
    let reused = sessions.refresh(&first).await;
    assert!(
        matches!(&reused, Err(RefreshError::Reused { user }) if user == USER),
        "{reused:?}"
    );
    let robbed = sessions.refresh(&third.token).await;
    assert!(matches!(robbed, Err(RefreshError::Unknown)), "{robbed:?}");
    // Another device of the same user is another session.
    sessions.refresh(&other).await.unwrap();

    let rows: Vec<(Vec<u8>,)> = sql("SELECT token_hash FROM account_sessions")
        .fetch_all(&place.database)
        .await
        .unwrap();
    for (hash,) in rows {
        assert!(SecretToken::parse(&String::from_utf8_lossy(&hash)).is_none());
    }
}

pub(crate) async fn of_two_refreshes_at_once_one_goes_on_and_the_session_lives_auth_3(
    place: Place,
) {
    let sessions = sessions(&place, SessionConfig::default());
    let mut token = begin(&sessions, &place).await;
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
    assert_eq!(
        sessions.holder(&token).await.unwrap().as_deref(),
        Some(USER)
    );
}

pub(crate) async fn a_session_ends_when_nobody_refreshes_it_and_at_its_end_auth_3(place: Place) {
    let short = Timeout::try_from(Duration::from_micros(1)).unwrap();
    let idle = SessionConfig {
        idle_timeout: short,
        ..SessionConfig::default()
    };
    let old = SessionConfig {
        absolute_timeout: short.into(),
        ..SessionConfig::default()
    };
    for config in [idle, old] {
        let sessions = sessions(&place, config);
        let token = begin(&sessions, &place).await;
        place.ticks().await;
        let answer = sessions.refresh(&token).await;
        assert!(matches!(answer, Err(RefreshError::Unknown)), "{answer:?}");
        assert!(sessions.of(USER).await.unwrap().is_empty());
        assert_eq!(end(&sessions, &place, &token).await, None, "no logout");
    }
}

pub(crate) async fn a_logout_by_a_token_that_a_thief_has_exchanged_ends_the_session_auth_3(
    place: Place,
) {
    let sessions = sessions(&place, SessionConfig::default());
    let (own, other) = (
        begin(&sessions, &place).await,
        begin(&sessions, &place).await,
    );
    let stolen = sessions.refresh(&own).await.unwrap().token;
    assert_eq!(end(&sessions, &place, &own).await.as_deref(), Some(USER));
    assert_eq!(sessions.holder(&stolen).await.unwrap(), None);
    assert!(sessions.holder(&other).await.unwrap().is_some());
}

pub(crate) async fn a_logout_a_ban_and_a_new_login_end_sessions_auth_3(place: Place) {
    let config = SessionConfig {
        max_per_user: 2.try_into().unwrap(),
        ..SessionConfig::default()
    };
    let sessions = sessions(&place, config);
    let (first, second) = (
        begin(&sessions, &place).await,
        begin(&sessions, &place).await,
    );
    let third = begin(&sessions, &place).await;
    assert_eq!(sessions.holder(&first).await.unwrap(), None, "it made room");

    assert_eq!(end(&sessions, &place, &second).await.as_deref(), Some(USER));
    assert_eq!(end(&sessions, &place, &second).await, None, "it is over");
    assert_eq!(sessions.holder(&second).await.unwrap(), None);
    let listed = sessions.of(USER).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(
        !sessions
            .end_one("somebody else", &listed[0].id)
            .await
            .unwrap()
    );
    assert!(sessions.end_one(USER, &listed[0].id).await.unwrap());
    assert_eq!(sessions.holder(&third).await.unwrap(), None);

    begin(&sessions, &place).await;
    let ended = sessions.end_all(&place.database, USER).await.unwrap();
    assert_eq!(ended, 1);
}

pub(crate) async fn a_token_that_a_client_brought_is_never_taken_over_auth_3(place: Place) {
    let sessions = sessions(&place, SessionConfig::default());
    let planted = SecretToken::generate().unwrap();
    assert!(matches!(
        sessions.refresh(&planted).await,
        Err(RefreshError::Unknown)
    ));
    let token = begin(&sessions, &place).await;
    assert_ne!(token.expose(), planted.expose());
    assert_eq!(sessions.holder(&planted).await.unwrap(), None);
}

/// All pages of those who were raised within so many seconds.
async fn raised_within(database: &Database, seconds: u64) -> Vec<(String, u64)> {
    let time = Duration::from_secs(seconds);
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = TokenVersions::raised_within(database, time, after.as_ref());
        let page = page.await.unwrap();
        assert!(page.versions.len() <= 1_000, "a page has an end");
        all.extend(page.versions);
        let Some(next) = page.next else { return all };
        // As whoever asks from elsewhere keeps it.
        let kept: RaisedCursor = next.to_string().parse().unwrap();
        assert_eq!(kept, next);
        after = Some(kept);
    }
}

pub(crate) async fn versions_rise_one_by_one_also_at_once_auth_3(place: Place) {
    let database = &place.database;
    assert_eq!(TokenVersions::current(database, USER).await.unwrap(), 0);
    let raised = join_all((0..8).map(|_| TokenVersions::raise(database, USER))).await;
    assert!(raised.iter().all(Result::is_ok), "{raised:?}");
    assert_eq!(TokenVersions::current(database, USER).await.unwrap(), 8);
    assert_eq!(TokenVersions::current(database, "other").await.unwrap(), 0);
    assert_eq!(raised_within(database, 60).await, [(USER.to_owned(), 8)]);
    assert_eq!(raised_within(database, 0).await, []);
}

pub(crate) async fn everybody_whose_tokens_were_taken_back_is_told_however_many_auth_3(
    place: Place,
) {
    let database = &place.database;
    TokenVersions::raise(database, "u").await.unwrap();
    // Each turn doubles them, and gives all of a turn the same moment: more than the rows that one answer may have.
    for turn in 0..14_u32 {
        sql("INSERT INTO account_versions (user_id, version, changed_us) SELECT user_id || ?, version + 1, {now_us} FROM account_versions")
            .on_mysql("INSERT INTO account_versions (user_id, version, changed_us) SELECT CONCAT(user_id, ?), version + 1, {now_us} FROM account_versions")
            .bind(format!("-{turn}"))
            .execute(database)
            .await
            .unwrap();
    }
    let everybody = 1 << 14;
    assert!(everybody > database.config().max_rows.get());
    let raised = raised_within(database, 3_600).await;
    assert_eq!(raised.len(), everybody as usize);
    let users: BTreeSet<_> = raised.iter().map(|(user, _)| user.as_str()).collect();
    assert_eq!(users.len(), raised.len(), "each of them once");
    for (user, version) in &raised {
        assert_eq!(*version, 1 + user.matches('-').count() as u64, "{user}");
    }
}
