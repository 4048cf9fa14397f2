extension Image {
    /// Where two pictures of one size differ: black where they are equal to the byte, the brighter the more the channel differs that differs
    /// most. The least difference is as bright as an eighth of the largest, so that it is seen.
    ///
    /// - Returns: one grey channel.
    package func difference(from other: Image) -> Image {
        precondition(size == other.size, "pictures of \(size) and \(other.size) cannot be compared")
        let channels = self.channels == 4 || other.channels == 4 ? 4 : 3
        let (one, two) = (converted(toChannels: channels).bytes, other.converted(toChannels: channels).bytes)
        let values = (0..<width * height).map { pixel -> UInt8 in
            var largest = 0
            for channel in 0..<channels {
                let index = pixel * channels + channel
                largest = max(largest, abs(Int(one[index]) - Int(two[index])))
            }
            return largest == 0 ? 0 : UInt8(32 + largest * 223 / 255)
        }
        return Image(width: width, height: height, channels: 1, bytes: values)
    }
}
