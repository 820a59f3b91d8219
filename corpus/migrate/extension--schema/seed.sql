INSERT INTO accounts VALUES ('Ann', 'a=>1');
