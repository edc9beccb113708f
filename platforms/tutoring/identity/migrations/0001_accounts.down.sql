DROP TABLE codes;

DROP TABLE accounts;
