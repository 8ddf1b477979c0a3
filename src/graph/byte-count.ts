/** How many bytes a graph has allocated. Every part adds what it allocates when it does, so nothing has to be walked. */
export class ByteCount {
  total = 0;
}
