//! One suite on every store of active sessions, and the behavior without Redis.

use seaworthy_account::{ActiveSession, ActiveSessions};
use seaworthy_redis::RedisConfig;
use seaworthy_testkit::{redis::RedisServer, requirement::required};
use serde::Serialize;

#[derive(Serialize)]
struct Record {
    id: &'static str,
}

impl ActiveSession for Record {
    fn session_id(&self) -> &str {
        self.id
    }
}

async fn check_suite(sessions: &ActiveSessions) {
    let record = Record { id: "7" };
    sessions.put(&record).await.unwrap();
    assert!(sessions.is_active("7").await);
    sessions.remove("7").await.unwrap();
    assert!(!sessions.is_active("7").await);
    sessions.put(&record).await.unwrap();
    assert!(sessions.is_active("7").await);

    assert!(sessions.lock_refresh("7").await.unwrap());
    assert!(!sessions.lock_refresh("7").await.unwrap());
    assert!(sessions.lock_refresh("8").await.unwrap());
    sessions.unlock_refresh("7").await;
    assert!(sessions.lock_refresh("7").await.unwrap());
}

#[tokio::test]
async fn sessions_in_memory_pass_suite_auth_3() {
    let sessions = ActiveSessions::new(None).unwrap();
    check_suite(&sessions).await;
    assert!(sessions.is_active("of another process").await);
}

#[tokio::test]
async fn sessions_in_redis_pass_suite_auth_3() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    let config = RedisConfig {
        url: server.url().parse().unwrap(),
        ..RedisConfig::default()
    };
    let sessions = ActiveSessions::new(Some(&config)).unwrap();
    check_suite(&sessions).await;
    assert!(!sessions.is_active("9").await);

    drop(server);
    assert!(sessions.is_active("9").await, "tokens stay valid");
    let error = sessions.remove("9").await.unwrap_err();
    assert_eq!(error.reason(), "SESSIONS_UNAVAILABLE");
}
