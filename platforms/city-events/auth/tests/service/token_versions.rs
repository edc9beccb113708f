//! The list of token versions, by which the gateway reads revocations.

use std::collections::BTreeSet;

use city_events_contract::auth::v1::ListTokenVersionsRequest;
use seaworthy::{account::TokenVersions, data::sql};
use tonic::Code;

use crate::{
    app::TestApp,
    calls::{client, gateway_token, with},
};

pub(crate) async fn token_versions_are_listed_in_pages_auth_3(app: TestApp) {
    let database = app.connect().await;
    TokenVersions::increment(&database, "user").await.unwrap();
    // Each round doubles the rows and gives them the same timestamp, until there are three pages.
    for round in 0..11_u32 {
        sql("INSERT INTO account_versions (user_id, version, changed_us) SELECT user_id || ?, version + 1, {now_us} FROM account_versions")
            .on_mysql("INSERT INTO account_versions (user_id, version, changed_us) SELECT CONCAT(user_id, ?), version + 1, {now_us} FROM account_versions")
            .bind(format!("-{round}"))
            .execute(&database)
            .await
            .unwrap();
    }
    let mut client = client(&app);
    let (mut versions, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let request = ListTokenVersionsRequest {
            within_seconds: 3_600,
            cursor,
            since_us: 0,
        };
        let answer = client
            .list_token_versions(with(&gateway_token(), request))
            .await;
        let page = answer.unwrap().into_inner();
        assert!(page.versions.len() <= 1_000, "{}", page.versions.len());
        versions.extend(page.versions);
        pages += 1;
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(pages, 3);
    let users: BTreeSet<&str> = versions.iter().map(|one| one.user_id.as_str()).collect();
    assert_eq!(
        (versions.len(), users.len()),
        (2_048, 2_048),
        "each user appears once"
    );
    for one in &versions {
        let rounds = one.user_id.matches('-').count() as u64;
        assert_eq!(one.version, 1 + rounds, "{}", one.user_id);
    }

    let since = |since_us| ListTokenVersionsRequest {
        within_seconds: 1,
        cursor: String::new(),
        since_us,
    };
    let request = with(&gateway_token(), since(1));
    let page = client.list_token_versions(request).await.unwrap();
    let page = page.into_inner();
    assert_eq!(
        page.versions.len(),
        1_000,
        "since_us overrides within_seconds"
    );
    let request = with(&gateway_token(), since(page.as_of_us));
    let none = client.list_token_versions(request).await.unwrap();
    assert_eq!(none.into_inner().versions, []);

    for cursor in ["7", "seven:user", ":", "x".repeat(129).as_str()] {
        let request = ListTokenVersionsRequest {
            within_seconds: 60,
            cursor: cursor.to_owned(),
            since_us: 0,
        };
        let answer = client
            .list_token_versions(with(&gateway_token(), request))
            .await;
        assert_eq!(
            answer.unwrap_err().code(),
            Code::InvalidArgument,
            "{cursor}"
        );
    }
}
