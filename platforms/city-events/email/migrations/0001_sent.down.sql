DROP TABLE sent_mails;
