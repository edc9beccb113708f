DROP TABLE admin_role_permissions;
DROP TABLE admin_user_roles;
DROP TABLE admin_users;
