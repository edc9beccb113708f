use std::{num::NonZeroU32, time::Duration};

use futures::future::join_all;
use seaworthy_account::OneTimeTokens;

use crate::test_database::TestDatabase;

const USER: &str = "user-7";
const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) async fn one_time_token_is_valid_once_for_its_purpose_auth_2(test: TestDatabase) {
    let database = &test.database;
    let confirm = OneTimeTokens::new(database.clone(), "confirm address", HOUR);
    let reset = OneTimeTokens::new(database.clone(), "reset password", HOUR);
    let first = reset.issue(database, USER).await.unwrap();
    let kept = confirm.issue(database, USER).await.unwrap();
    let second = reset.issue(database, USER).await.unwrap();
    assert_eq!(reset.consume(database, &first).await.unwrap(), None);
    assert_eq!(confirm.consume(database, &second).await.unwrap(), None);
    assert_eq!(reset.user(&second).await.unwrap().as_deref(), Some(USER));
    assert_eq!(
        reset.consume(database, &second).await.unwrap().as_deref(),
        Some(USER)
    );
    assert_eq!(reset.consume(database, &second).await.unwrap(), None);
    assert_eq!(
        confirm.consume(database, &kept).await.unwrap().as_deref(),
        Some(USER)
    );

    let brief = OneTimeTokens::new(database.clone(), "brief", Duration::from_micros(1));
    let late = brief.issue(database, USER).await.unwrap();
    test.ticks().await;
    assert_eq!(brief.consume(database, &late).await.unwrap(), None);
    while brief.purge().await.unwrap() {}
}

pub(crate) async fn new_token_ends_the_oldest_above_the_limit_auth_2(test: TestDatabase) {
    let database = &test.database;
    let tokens = OneTimeTokens::new(database.clone(), "reset password", HOUR)
        .max_open(NonZeroU32::new(3).unwrap());
    let mut issued = Vec::new();
    for _ in 0..4 {
        issued.push(tokens.issue(database, USER).await.unwrap());
        // Two tokens of one microsecond have no order.
        test.ticks().await;
    }
    let other = tokens.issue(database, "user-8").await.unwrap();
    assert_eq!(tokens.consume(database, &issued[0]).await.unwrap(), None);
    for token in &issued[1..3] {
        let user = tokens.consume(database, token).await.unwrap();
        assert_eq!(user.as_deref(), Some(USER));
        assert_eq!(tokens.consume(database, token).await.unwrap(), None);
    }
    tokens.revoke_all(database, USER).await.unwrap();
    assert_eq!(tokens.consume(database, &issued[3]).await.unwrap(), None);
    let user = tokens.consume(database, &other).await.unwrap();
    assert_eq!(user.as_deref(), Some("user-8"));
}

pub(crate) async fn concurrent_uses_of_a_token_succeed_once_auth_2(test: TestDatabase) {
    let database = &test.database;
    let tokens = OneTimeTokens::new(database.clone(), "reset password", HOUR);
    let token = tokens.issue(database, USER).await.unwrap();
    let taken = join_all((0..8).map(|_| tokens.consume(database, &token))).await;
    let winners = taken
        .into_iter()
        .filter(|taken| matches!(taken, Ok(Some(_))))
        .count();
    assert_eq!(winners, 1);
}
