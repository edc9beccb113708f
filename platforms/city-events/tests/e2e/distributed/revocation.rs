//! The gateway without a list of revoked tokens.

use super::cluster::Cluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_without_revocation_list_is_anonymous_auth_3() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let gateway = cluster.gateway.clone();
    let host = gateway.register("host").await;
    let guest = gateway.register("guest").await;
    let id = host.publish("Without them", 5).await;
    assert_eq!(guest.join(&id, "k1").await.status, 200);
    let user = guest.get("/api/auth/me").await.json()["data"]["user"]["id"].clone();
    let ban = format!("/api/auth/mod/users/{}/ban", user.as_str().unwrap());
    let moderator = gateway.sign_in("moderator").await;
    assert_eq!(moderator.post(&ban).await.status, 200);

    cluster.service("auth").kill();
    cluster.service("bff").kill();
    cluster.service("bff").start().unwrap();
    for (client, user) in [(&guest, "banned"), (&host, "not banned")] {
        let view = client.view(&id).await;
        assert_eq!(view["actions"]["reason"], "auth_required", "{user}: {view}");
    }
    let rejected = guest.leave(&id, "k2").await;
    assert_eq!(
        (rejected.status, rejected.code().as_str()),
        (401, "unauthorized"),
        "{rejected:?}"
    );

    cluster.service("auth").start().unwrap();
    host.wait_for_view(&id, |view| view["actions"]["reason"] == "is_organizer")
        .await;
    let view = guest.view(&id).await;
    assert_eq!(view["actions"]["reason"], "auth_required", "{view}");
    cluster.assert_running();
}
