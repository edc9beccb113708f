use city_events_contract::Role;
use seaworthy::{audit_log::AuditEntry, data::Transaction, prelude::*};

use super::{Accounts, Caller, caller::require_role};
use crate::{
    domain::{User, UserId, errors},
    store::{Users, lock_with_admins},
};

/// The actor and the target of a moderation, locked until the transaction ends.
struct LockedUsers {
    actor: User,
    target: User,
    /// Admins who are not banned.
    admins: usize,
}

impl Accounts {
    /// Locks both users. The role of the actor cannot change until the transaction ends.
    ///
    /// # Errors
    /// `TOKEN_INVALID` if the actor is banned or the token was revoked since the start of the
    /// request, `INSUFFICIENT_ROLE`, or `USER_NOT_FOUND`.
    async fn lock_users(
        &self,
        tx: &Transaction,
        caller: &Caller,
        target: UserId,
        required: Role,
    ) -> Result<LockedUsers, Error> {
        let actor = caller.user.id;
        let users = lock_with_admins(tx, actor, target).await?;
        let admins = users
            .iter()
            .filter(|user| user.role == Role::Admin && !user.locked)
            .count();
        let find = |id| users.iter().find(|user| user.id == id).cloned();
        let actor = find(actor).filter(|actor| !actor.locked);
        let actor = actor.ok_or_else(errors::token_invalid)?;
        require_role(&actor, required)?;
        if !caller.is_current(tx).await? {
            return Err(errors::token_invalid());
        }
        let target = find(target).ok_or_else(errors::user_not_found)?;
        Ok(LockedUsers {
            actor,
            target,
            admins,
        })
    }

    /// Bans or unbans a user. Repeating it is a no-op.
    pub(crate) async fn set_locked(
        &self,
        caller: &Caller,
        target: UserId,
        locked: bool,
    ) -> Result<(), Error> {
        let actor = caller.user.id;
        if actor == target {
            return Err(errors::cannot_moderate_self());
        }
        self.database
            .transaction(|tx| async move {
                let users = self
                    .lock_users(&tx, caller, target, Role::Moderator)
                    .await?;
                if users.target.role == Role::Admin && users.actor.role != Role::Admin {
                    return Err(errors::cannot_moderate_admin());
                }
                if users.target.locked == locked {
                    return Ok(());
                }
                Users::set_locked(&tx, target, locked).await?;
                if locked {
                    self.revoke_tokens(&tx, target).await?;
                }
                let action = if locked { "user.ban" } else { "user.unban" };
                let entry = AuditEntry::new(action).target("user", target.to_string());
                Ok(self.audit.append(&tx, entry).await?)
            })
            .await
    }

    /// Sets the role of a user. The last admin keeps the role, also under concurrent calls.
    pub(crate) async fn set_role(
        &self,
        caller: &Caller,
        target: UserId,
        role: Role,
    ) -> Result<(), Error> {
        let actor = caller.user.id;
        if actor == target {
            return Err(errors::cannot_affect_self());
        }
        self.database
            .transaction(|tx| async move {
                let users = self.lock_users(&tx, caller, target, Role::Admin).await?;
                let before = users.target.role;
                if before == role {
                    return Ok(());
                }
                let is_last = users.admins <= 1 && !users.target.locked;
                if before == Role::Admin && is_last {
                    return Err(errors::last_admin_protected());
                }
                Users::set_role(&tx, target, role).await?;
                self.revoke_tokens(&tx, target).await?;
                let entry = AuditEntry::new("user.role")
                    .target("user", target.to_string())
                    .detail("before", before.as_str())
                    .detail("after", role.as_str());
                Ok(self.audit.append(&tx, entry).await?)
            })
            .await
    }

    /// Removes the second factor of another user, who has lost the application and the recovery
    /// codes. It ends the sessions of the user, because the lost device may have one. Verify the
    /// person before the call.
    pub(crate) async fn reset_totp(&self, caller: &Caller, target: UserId) -> Result<(), Error> {
        let actor = caller.user.id;
        if actor == target {
            return Err(errors::cannot_affect_self());
        }
        self.database
            .transaction(|tx| async move {
                self.lock_users(&tx, caller, target, Role::Admin).await?;
                let id = target.to_string();
                self.factors.remove(&tx, &id).await?;
                self.revoke_access(&tx, target).await?;
                let entry = AuditEntry::new("user.reset_totp").target("user", id);
                Ok(self.audit.append(&tx, entry).await?)
            })
            .await
    }

    /// Ends the sessions of another user.
    pub(crate) async fn revoke_sessions_of(
        &self,
        caller: &Caller,
        target: UserId,
    ) -> Result<(), Error> {
        if caller.user.id == target {
            return Err(errors::cannot_affect_self());
        }
        self.database
            .transaction(|tx| async move {
                self.lock_users(&tx, caller, target, Role::Admin).await?;
                self.revoke_sessions_in(&tx, target).await
            })
            .await
    }
}
