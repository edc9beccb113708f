DROP TABLE early_refunds;
