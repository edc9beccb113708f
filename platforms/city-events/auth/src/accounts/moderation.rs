use city_events_contract::Role;
use seaworthy::{audit_log::AuditEntry, data::Transaction, prelude::*};

use super::{Accounts, Caller};
use crate::{
    domain::{User, UserId, refusal},
    store::{Users, locked_with_admins},
};

/// Who does something to whom, both as they are now and until the transaction ends.
struct Held {
    actor: User,
    target: User,
    /// Admins who are not banned.
    admins: usize,
}

impl Accounts {
    /// Reads both under a lock: what the actor may do is decided by what the actor is at the moment in which it is done.
    async fn hold(
        &self,
        tx: &Transaction,
        actor: UserId,
        target: UserId,
        least: Role,
    ) -> Result<Held, Error> {
        let users = locked_with_admins(tx, actor, target).await?;
        let admins = users
            .iter()
            .filter(|user| user.role == Role::Admin && !user.locked)
            .count();
        let one = |id| users.iter().find(|user| user.id == id).cloned();
        let actor = one(actor).filter(|actor| !actor.locked);
        let actor = actor.ok_or_else(refusal::token_invalid)?;
        let Caller(actor) = Caller(actor).at_least(least)?;
        let target = one(target).ok_or_else(refusal::user_not_found)?;
        Ok(Held {
            actor,
            target,
            admins,
        })
    }

    /// Bans somebody, or takes it back. Once more changes nothing.
    pub(crate) async fn set_locked(
        &self,
        caller: &Caller,
        target: UserId,
        locked: bool,
    ) -> Result<(), Error> {
        let actor = caller.0.id;
        if actor == target {
            return Err(refusal::cannot_moderate_self());
        }
        self.database
            .transaction(|tx| async move {
                let held = self.hold(&tx, actor, target, Role::Moderator).await?;
                if held.target.role == Role::Admin && held.actor.role != Role::Admin {
                    return Err(refusal::cannot_moderate_admin());
                }
                if held.target.locked == locked {
                    return Ok(());
                }
                Users::set_locked(&tx, target, locked).await?;
                if locked {
                    self.take_tokens_back(&tx, target).await?;
                }
                let action = if locked { "user.ban" } else { "user.unban" };
                let entry = AuditEntry::new(action).target("user", target.to_string());
                Ok(self.audit.append(&tx, entry).await?)
            })
            .await
    }

    /// Gives somebody a role. The last admin stays one, whoever else does the same at the same moment.
    pub(crate) async fn set_role(
        &self,
        caller: &Caller,
        target: UserId,
        role: Role,
    ) -> Result<(), Error> {
        let actor = caller.0.id;
        if actor == target {
            return Err(refusal::cannot_affect_self());
        }
        self.database
            .transaction(|tx| async move {
                let held = self.hold(&tx, actor, target, Role::Admin).await?;
                let before = held.target.role;
                if before == role {
                    return Ok(());
                }
                let is_last = held.admins <= 1 && !held.target.locked;
                if before == Role::Admin && is_last {
                    return Err(refusal::last_admin_protected());
                }
                Users::set_role(&tx, target, role).await?;
                self.take_tokens_back(&tx, target).await?;
                let entry = AuditEntry::new("user.role")
                    .target("user", target.to_string())
                    .detail("before", before.as_str())
                    .detail("after", role.as_str());
                Ok(self.audit.append(&tx, entry).await?)
            })
            .await
    }

    /// Ends the sessions of somebody else.
    pub(crate) async fn revoke_sessions_of(
        &self,
        caller: &Caller,
        target: UserId,
    ) -> Result<(), Error> {
        if caller.0.id == target {
            return Err(refusal::cannot_affect_self());
        }
        let user = Users::existing(&self.database, target).await?;
        self.revoke_sessions(&user).await
    }
}
