-- nothing; here
/* nor ; here */
